package page

import (
	"fmt"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/internal/value"
)

var now = time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)

// ago is a time some days before now.
func ago(days float64) time.Time { return now.Add(-time.Duration(days * 24 * float64(time.Hour))) }

type settingsOf map[string]any

// edit is a change that makes the next version of an agent.
type edit struct {
	days    float64 // ago
	subject string  // "" for one that was made in the dashboard
	author  string
	config  settingsOf // what changes
	replace []string   // old and new words of the prompt
	items   bool       // a new outcome and another infield
}

// made makes an agent's versions of its first config and edits, each live from
// when it was made.
func made(name, agentName string, config settingsOf, edits ...edit) history.Timeline {
	t := history.Timeline{Name: name, AgentName: agentName, AgentID: "AGT_" + strings.ToUpper(fmt.Sprintf("%08x", len(name)*7919*len(agentName))), Whole: true}
	results := []value.Value{
		item("outcome_name", "lead_status", "outcome_description", "Lead qualification result", "outcome_type", "FIXED", "outcome_enum", []any{"qualified", "not_qualified"}, "is_visible", true),
		item("outcome_name", "callback_time", "outcome_description", "When to call again", "outcome_type", "FREE", "is_visible", true),
	}
	fields := []value.Value{item("field_name", "customer_name", "field_type", "TEXT", "is_visible", true)}
	for i, e := range edits {
		next := settingsOf{}
		for k, v := range config {
			next[k] = v
		}
		for k, v := range e.config {
			next[k] = v
		}
		if len(e.replace) > 0 {
			next["system_prompt"] = strings.NewReplacer(e.replace...).Replace(next["system_prompt"].(string))
		}
		if e.items {
			results = []value.Value{
				item("outcome_name", "lead_status", "outcome_description", "Lead qualification result", "outcome_type", "FIXED", "outcome_enum", []any{"qualified", "not_qualified", "follow_up"}, "is_visible", true),
				item("outcome_name", "budget_range", "outcome_description", "The budget in rupees", "outcome_type", "FREE", "is_visible", true),
			}
			fields = append(fields, item("field_name", "customer_budget", "field_type", "NUMBER", "is_visible", true))
		}
		config = next
		v := history.Version{Number: i + 1, Status: "archived", CreatedAt: ago(e.days), UpdatedAt: ago(e.days), CreatedBy: "usr_4f8a21", UpdatedBy: "usr_4f8a21",
			Content: diff.Content{Config: diff.ConfigOf(config), Outcomes: results, Infields: fields}}
		if e.subject != "" {
			v.Notes = e.subject
			v.Commit = &history.Commit{ID: fmt.Sprintf("%012x", 0x2ade34dc1f00+int64(i)*7368787+int64(len(name))), Subject: e.subject, Author: e.author, At: ago(e.days)}
		}
		t.Versions = append([]history.Version{v}, t.Versions...)
		t.Spans = append(t.Spans, history.Span{Version: v.Number, From: v.CreatedAt, Known: history.ByWrite})
	}
	return finish(t)
}

// finish ends each span where the next begins, and makes the last one's version
// the live one.
func finish(t history.Timeline) history.Timeline {
	for i := range t.Spans {
		t.Spans[i].To = time.Time{}
		if i+1 < len(t.Spans) {
			t.Spans[i].To = t.Spans[i+1].From
		}
		t.Live = t.Spans[i].Version
	}
	for i := range t.Versions {
		if v := &t.Versions[i]; v.Status != "draft" {
			v.Status = "archived"
			if v.Number == t.Live {
				v.Status = "published"
			}
		}
	}
	return t
}

func item(pairs ...any) value.Value {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return value.Of(m)
}

const salesPrompt = `You are Maya, who calls people on behalf of Acme Voice.

## What you want to learn
- Which problem do they want {product} to solve?
- Who decides about buying it?
- Ask for the budget.

## How to speak
Be brief: at most two sentences a turn. Never read a list aloud.
If they are busy, ask when you may call again and end the call politely.

## What you never do
- Promise a discount.
- Give legal or medical advice.
- Speak about other customers.`

const hindiPrompt = `आप माया हैं, जो एक्मे वॉइस की ओर से ग्राहकों को फ़ोन करती हैं।

## आपको क्या जानना है
- ग्राहक किस समस्या का हल चाहते हैं?
- ख़रीदने का निर्णय कौन लेता है?
- ग्राहक से उनका बजट पूछें।

## कैसे बात करें
छोटे वाक्यों में बोलें: एक बार में दो वाक्य से अधिक नहीं।
यदि वे व्यस्त हों, तो पूछें कि दोबारा कब फ़ोन किया जाए, और विनम्रता से बात समाप्त करें।`

const tamilPrompt = `நீங்கள் மாயா, அக்மி வாய்ஸ் நிறுவனத்தின் சார்பாக வாடிக்கையாளர்களை அழைக்கிறீர்கள்.
- வாடிக்கையாளரின் வரவு செலவுத் திட்டத்தைக் கேளுங்கள்.
சுருக்கமாகப் பேசுங்கள்: ஒரு முறைக்கு இரண்டு வாக்கியங்கள் மட்டும்.`

const urduPrompt = `آپ مایا ہیں اور ایکمی وائس کی طرف سے گاہکوں کو فون کرتی ہیں۔
- گاہک سے ان کا بجٹ پوچھیں۔
مختصر جملوں میں بات کریں، اور {customer_name} کا نام احترام سے لیں۔`

func config(prompt, greeting string) settingsOf {
	return settingsOf{
		"system_prompt": prompt, "starting_instructions": greeting, "agent_type": "generic_alpha",
		"guardrail_ids": []any{"personality_v1", "tone_v1"}, "guidelines": []any{"Be concise", "Speak in the caller's language"},
		"metadata_schema": []any{map[string]any{"name": "customer_name", "type": "string", "required": true, "description": "Whom to greet"}},
		"examples":        []any{map[string]any{"role": "user", "content": "Hello?"}, map[string]any{"role": "assistant", "content": "Hello, this is Maya."}},
		"llm_config":      map[string]any{"provider": "groq", "model": "openai/gpt-oss-120b", "temperature": 0.7, "max_tokens": 400},
		"tts_config":      map[string]any{"voice_id": "Indus-hi-maya"},
		"stt_config":      map[string]any{"provider": "deepgram", "language": "hi"},
	}
}

func ended(outcome string, calls int) history.OutcomeCount {
	return history.OutcomeCount{Outcome: outcome, Calls: calls}
}

// demo is a fleet with something of everything.
func demo() history.Report {
	sales := made("outbound-sales", "Outbound Sales Agent", config(salesPrompt, "Greet {customer_name} and ask whether now is a good time."),
		edit{days: 212, subject: "Begin with outbound sales", author: "Asha Rao"},
		edit{days: 188, subject: "Keep turns short: callers interrupt", author: "Asha Rao", replace: []string{"Be brief: at most two", "Be brief: at most three"}},
		edit{days: 150, subject: "Lower the temperature, answers wandered", author: "Vikram Nair", config: settingsOf{"llm_config": map[string]any{"provider": "groq", "model": "openai/gpt-oss-120b", "temperature": 0.4, "max_tokens": 400}}},
		edit{days: 96, subject: "Ask for a callback time", author: "Asha Rao", replace: []string{"ask when you may call again and end", "ask for a time that suits them, repeat it, and end"}},
		edit{days: 61, replace: []string{"- Promise a discount.\n", ""}},
		edit{days: 20, subject: "Ask for the budget in rupees, and note the follow-ups", author: "Meera Iyer",
			replace: []string{"Ask for the budget.", "Ask for the budget in rupees, as a range.", "at most three", "at most two", "- Give legal", "- Promise a discount or a delivery date.\n- Give legal"},
			config:  settingsOf{"guidelines": []any{"Be concise", "Speak in the caller's language", "Confirm numbers by repeating them"}, "llm_config": map[string]any{"provider": "groq", "model": "openai/gpt-oss-120b", "temperature": 0.2, "max_tokens": 400}}, items: true})
	// v4 came back for two days, after v5 had gone wrong.
	sales.Spans = append(sales.Spans[:5], history.Span{Version: 4, From: ago(59), Known: history.ByLock, Lock: "9c01d4e7aa52"}, history.Span{Version: 6, From: ago(20), Known: history.ByWrite})
	draft := sales.Versions[0]
	draft.Number, draft.Status, draft.Notes, draft.Commit, draft.CreatedAt, draft.UpdatedAt = 7, "draft", "Try a warmer voice", nil, ago(1), ago(0.5)
	draft.Content = diff.Content{Config: draft.Content.Config.With("tts_config", value.Of(map[string]any{"voice_id": "Indus-hi-anika"}))}
	sales.Versions = append([]history.Version{draft}, sales.Versions...)
	sales = finish(sales)

	hindi := made("outbound-sales-hindi", "आउटबाउंड सेल्स", config(hindiPrompt, "{customer_name} को नमस्ते कहें और पूछें कि क्या अभी बात हो सकती है।"),
		edit{days: 120, subject: "Sales in Hindi", author: "Meera Iyer"},
		edit{days: 33, subject: "बजट रुपये में पूछें", author: "मीरा अय्यर", replace: []string{"उनका बजट पूछें", "उनका बजट रुपये में पूछें", "दो वाक्य से", "तीन वाक्य से"}})
	tamil := made("collections-tamil", "வசூல் உதவியாளர்", config(tamilPrompt, "வணக்கம் சொல்லுங்கள்."),
		edit{days: 80, subject: "Collections in Tamil", author: "Karthik S"},
		edit{days: 5, subject: "Short sentences", author: "Karthik S", replace: []string{"இரண்டு", "மூன்று"}})
	urdu := made("support-urdu", "اردو معاون", config(urduPrompt, "السلام علیکم کہیں۔"),
		edit{days: 44, subject: "Support in Urdu", author: "Zainab Khan"},
		edit{days: 9, subject: "بجٹ روپے میں پوچھیں", author: "Zainab Khan", replace: []string{"ان کا بجٹ", "ان کا ماہانہ بجٹ"}})
	billing := made("billing-reminders-for-customers-with-more-than-one-open-invoice", "Billing Reminders (English, Hindi, Marathi) for customers with open invoices",
		config("Remind the caller of the open invoice {invoice_id}.\nNever ask for card numbers.", "Say who calls and why."),
		edit{days: 300, subject: "Begin with billing", author: "Asha Rao"})
	clinic := made("clinic-appointments", "Clinic Appointments", config("Book, move and cancel appointments.\nRepeat the date and the time.", "Thank for the call."),
		edit{days: 70, subject: "Appointments", author: "Vikram Nair"},
		edit{days: 2, replace: []string{"Repeat the date and the time.", "Repeat the date, the time and the doctor's name."}})

	sales.Calls = &history.Calls{Since: ago(212), Unplaced: 3, Versions: []history.VersionCalls{
		{Version: 6, Calls: 412, Answered: 301, Talked: 301 * 74 * time.Second, Outcomes: []history.OutcomeCount{ended("qualified", 188), ended("not_qualified", 71), ended("follow_up", 30)}, Unread: 12},
		{Version: 4, Calls: 1210, Answered: 730, Talked: 730 * 51 * time.Second, Outcomes: []history.OutcomeCount{ended("not_qualified", 402), ended("qualified", 320), ended("", 8)}},
		{Version: 5, Calls: 9}}}
	hindi.Calls = &history.Calls{Since: ago(33), Cut: true, Versions: []history.VersionCalls{
		{Version: 2, Calls: 1, Answered: 1, Talked: time.Minute, Outcomes: []history.OutcomeCount{ended("रुचि है", 1)}}}}
	urdu.Calls = &history.Calls{Problem: "this platform does not list calls", Versions: []history.VersionCalls{}}

	timelines := []history.Timeline{billing, clinic, tamil, sales, hindi, urdu}
	r := history.Report{Project: "acme-voice", MadeAt: now, Commit: "2ade34dc1f00", Timelines: timelines,
		Fleet: history.Fleet{Environment: "production", BaseURL: "https://developer.induslabs.io", Listed: true, Others: []history.Other{
			{AgentName: "Outbound Sales Agnet", AgentID: "AGT_0badf00d", UpdatedAt: ago(14), Near: "outbound-sales"},
			{AgentName: "test 3 (delete me)", AgentID: "AGT_00c0ffee", UpdatedAt: ago(260)}}}}
	for _, t := range timelines {
		live := *t.Find(t.Live)
		r.Fleet.Agents = append(r.Fleet.Agents, history.Standing{Name: t.Name, AgentName: t.AgentName, AgentID: t.AgentID, Status: diff.Unchanged, Live: &live, Since: live.CreatedAt})
	}
	r.Fleet.Agents[1].Drift, r.Fleet.Agents[1].Status = map[string]diff.Class{"config": diff.Drift}, diff.Update
	r.Fleet.Agents[2].Drift, r.Fleet.Agents[2].Status = map[string]diff.Class{"config": diff.Pending, "call_outcomes": diff.Pending}, diff.Update
	r.Fleet.Agents[3].Drafts = []history.Version{draft}
	r.Fleet.Agents = append(r.Fleet.Agents, history.Standing{Name: "win-back", AgentName: "Win-back", Status: diff.Create})
	return r
}
