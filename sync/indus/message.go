package indus

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/agentsync/agentsync/internal/value"
)

const messageLimit = 300 // characters of a server's message that a user sees

// explain fills in what an answer says about its failure: the message and the
// request id, from any of the four shapes in reference.md, "Answers and
// errors".
func (c *Client) explain(e *Error, header http.Header, body []byte, v any) {
	m, _ := v.(map[string]any)
	message := firstText(m, "error", "detail", "message")
	if v == nil {
		message = pageText(body)
	}
	message = strings.TrimSpace(strings.TrimPrefix(message, fmt.Sprint(e.Status)))
	e.Message = cmp.Or(c.scrub.line(message, messageLimit), http.StatusText(e.Status), "no message")
	if allow := header.Get("Allow"); e.Status == http.StatusMethodNotAllowed && allow != "" {
		e.Message += " (allowed: " + clean(allow, 60) + ")"
	}
	e.RequestID = c.scrub.line(cmp.Or(str(m["request_id"]), header.Get("X-Request-ID")), 80)
}

// firstText returns the text under the first of the keys that has one.
func firstText(m map[string]any, keys ...string) string {
	for _, key := range keys {
		if text := textOf(m[key]); text != "" {
			return text
		}
	}
	return ""
}

// textOf turns what stands under error or detail into text.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return string(v)
	case []any:
		return listText(v)
	case map[string]any:
		if _, ok := v["msg"]; ok {
			return validationText(v)
		}
		text := firstText(v, "message", "detail", "error", "description", "reason")
		return cmp.Or(text, plainObject(v))
	}
	return ""
}

// listText joins the first problems of a list; three are enough for one line.
func listText(list []any) string {
	const shown = 3
	var parts []string
	for _, item := range list[:min(len(list), shown)] {
		if text := textOf(item); text != "" {
			parts = append(parts, text) // not cut here: a half secret would not be known as one
		}
	}
	if more := len(list) - shown; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}

// validationText is one of FastAPI's 422 problems as "body.agent_in: Field
// required". Its input and ctx are left out: they echo what was sent.
func validationText(m map[string]any) string {
	var where []string
	loc, _ := m["loc"].([]any)
	for _, part := range loc {
		where = append(where, fmt.Sprint(part))
	}
	if len(where) == 0 {
		return str(m["msg"])
	}
	return strings.Join(where, ".") + ": " + str(m["msg"])
}

// plainObject shows an error object of an unknown shape: its plain values,
// but none that is named like a secret.
func plainObject(m map[string]any) string {
	var parts []string
	for _, key := range value.SortedKeys(m) {
		if secretName.MatchString(key) {
			continue
		}
		switch v := m[key].(type) {
		case string, json.Number, bool:
			parts = append(parts, fmt.Sprintf("%s: %v", key, v))
		}
	}
	return strings.Join(parts, ", ")
}

var (
	secretName = regexp.MustCompile(`(?i)livekit|password|passwd|token|secret|key|input|authorization`)
	pageTitle  = regexp.MustCompile(`(?is)<(?:title|h1)[^>]*>(.*?)</(?:title|h1)>`)
	tag        = regexp.MustCompile(`<[^>]*>`)
)

// pageText is what a body that is no JSON says: the title of a proxy's HTML
// page, or a short plain text as it stands.
func pageText(body []byte) string {
	body = bytes.TrimSpace(body)
	if bytes.HasPrefix(body, []byte("<")) {
		m := pageTitle.FindSubmatch(body)
		if m == nil {
			return ""
		}
		return html.UnescapeString(string(tag.ReplaceAll(m[1], nil)))
	}
	if !utf8.Valid(body) || bytes.HasPrefix(body, []byte("{")) || bytes.HasPrefix(body, []byte("[")) {
		return "" // half an object says nothing
	}
	return string(body)
}
