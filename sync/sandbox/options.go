// Package sandbox is the platform's behaviour without the platform: an
// http.Handler that answers all endpoints of reference.md the way its FastAPI
// server does, with its whole state in one JSON file. It shares no type with
// the client that is tested against it, so that a misspelt field is caught.
package sandbox

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// The account that a sandbox knows when Options names no other.
const (
	DefaultEmail    = "developer@sandbox.invalid"
	DefaultPassword = "sandbox-password-7f3a9c"
	DefaultAPIKey   = "sandbox-api-key-51d0e8"
)

// Options says how the platform behaves where reference.md leaves it open, and
// where its state lies. Start from DefaultOptions: the zero value turns off
// CreatePublishes, RestoreFields and RecentCalls.
type Options struct {
	DataFile        string // the state's JSON file, made when missing; "" keeps the state in memory
	Rollback        string // "repoint" (default): is_current moves; "clone": a new version with the old content
	CreatePublishes bool   // version 1 is published by the create itself; else it is a draft
	Superseded      string // status of a version that is no longer current: "archived" (default) or "published"
	RestoreFields   bool   // a rollback brings back that version's outcomes and infields
	Numbers         string // of new versions: "max" (default): one more than the highest that is there; "once": a deleted draft's number is not used again
	Listing         string // "bearer" (default): endpoints 3 and 4; "legacy": 3 alone; "none": neither
	Enhance         string // endpoint 17's answer: "flat" (default): enhanced_system_prompt; "nested": a config in it; "none": it is absent
	ValidatesLive   bool   // endpoint 19 looks at the live version, whatever version is asked for
	// Calls are served at "both" addresses (default), at the "new" one or the "old"
	// one alone, or at "none". RecentCalls serves their list at the new one.
	Calls       string
	RecentCalls bool
	CallOutcome string // what the platform finds in the calls that are answered; "Interested" when empty
	// TranscriptPolls is how often a transcript is read before it is ready; -1: only
	// time makes it ready. TranscriptDelay is when it is, after hang-up; 0 for 5 minutes.
	TranscriptPolls int
	TranscriptDelay time.Duration
	Strict          bool // unknown body fields answer 422; else they are dropped
	// Extra names further fields that this platform knows and stores: of a
	// config ("voice_style"), of one of its sections ("tts_config.speed"), of an
	// agent ("agent.crm_id") or of its items ("call_outcomes.mood").
	Extra []string

	Wrap       bool // raw answers come in an envelope, lists below a name in it (reference.md, "Answers and errors")
	SoftErrors bool // errors in an envelope come with HTTP 200
	NoRefresh  bool // endpoint 2 is absent

	// ReadLag is how long a read does not show a write; 0 shows it at once.
	ReadLag time.Duration
	// ClockSkew is how far the platform's clock is ahead of Now; it may be negative.
	ClockSkew time.Duration
	Page      int // most entries of a page, whatever limit asks for; 0 for as many as are asked for

	Latency    time.Duration // waited through Sleep before each answer
	RateLimit  float64       // requests a second, with a burst of one second's worth; 0 for no limit
	RetryAfter bool          // 429 carries Retry-After
	TokenLife  time.Duration // of an access token; 0 for 5 minutes
	// RefreshLife is the life of a refresh token; 0 for 24 hours.
	RefreshLife time.Duration

	Seed  int64 // seeds ids and tokens, so that runs are repeatable
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error

	// Log gets one line a request: method, path, status. Bodies, tokens and
	// the values of query parameters that could be secret are never in it.
	Log io.Writer
	// RecordBodies keeps the bodies of authorized requests in Requests.
	RecordBodies bool

	Email, Password, APIKey string // the account; the Default constants when empty
}

// DefaultOptions is the platform as reference.md's first reading of each open
// question describes it, in memory.
func DefaultOptions() Options {
	o := Options{CreatePublishes: true, RestoreFields: true, RecentCalls: true, TranscriptPolls: 2}
	o.fill()
	return o
}

// fill puts the default in place of every empty value that has one.
func (o *Options) fill() {
	fallback := func(s *string, def string) {
		if *s == "" {
			*s = def
		}
	}
	fallback(&o.Rollback, "repoint")
	fallback(&o.Superseded, "archived")
	fallback(&o.Numbers, "max")
	fallback(&o.Listing, "bearer")
	fallback(&o.Enhance, "flat")
	fallback(&o.Calls, "both")
	fallback(&o.CallOutcome, "Interested")
	fallback(&o.Email, DefaultEmail)
	fallback(&o.Password, DefaultPassword)
	fallback(&o.APIKey, DefaultAPIKey)
	if o.TranscriptDelay == 0 {
		o.TranscriptDelay = 5 * time.Minute
	}
	if o.TokenLife == 0 {
		o.TokenLife = 5 * time.Minute
	}
	if o.RefreshLife == 0 {
		o.RefreshLife = 24 * time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ClockSkew != 0 {
		now, skew := o.Now, o.ClockSkew
		o.Now, o.ClockSkew = func() time.Time { return now().Add(skew) }, 0
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
}

// check tells the first switch with a value that it does not have.
func (o *Options) check() error {
	for _, c := range []struct {
		name, value string
		allowed     []string
	}{
		{"rollback", o.Rollback, []string{"repoint", "clone"}},
		{"superseded", o.Superseded, []string{"archived", "published"}},
		{"numbers", o.Numbers, []string{"max", "once"}},
		{"listing", o.Listing, []string{"bearer", "legacy", "none"}},
		{"enhance", o.Enhance, []string{"flat", "nested", "none"}},
		{"calls", o.Calls, []string{"both", "new", "old", "none"}},
	} {
		if !slices.Contains(c.allowed, c.value) {
			return fmt.Errorf("sandbox: %s %q: want %s", c.name, c.value, strings.Join(c.allowed, " or "))
		}
	}
	if o.RateLimit < 0 || o.Latency < 0 || o.TokenLife < 0 || o.RefreshLife < 0 || o.ReadLag < 0 || o.Page < 0 || o.TranscriptDelay < 0 {
		return fmt.Errorf("sandbox: rate limit, latency, read lag, page, transcript delay and token lives cannot be negative")
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
