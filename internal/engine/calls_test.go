package engine

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// transportFunc is a connection made of a function.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Whoever stops a call while the list is asked for it, since its answer was lost, is
// told that it may have been made, as of an interrupt.
func TestInterruptedSearch(t *testing.T) {
	w := newWorld(t, func(*sandbox.Options) {})
	w.apply("One.")
	ctx, cancel := context.WithCancel(t.Context())
	inner, cut := w.opt.Transport, false
	w.opt.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
		if cut = cut || strings.HasSuffix(r.URL.Path, "/click2call"); cut && r.Method == http.MethodPost {
			return nil, io.ErrUnexpectedEOF
		}
		return inner.RoundTrip(r)
	})
	w.opt.Sleep = func(ctx context.Context, _ time.Duration) error {
		if cut {
			cancel()
		}
		return ctx.Err()
	}
	caller, err := w.load().Caller(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()
	customer, err := diff.ParsePhone("919876543210")
	if err != nil {
		t.Fatal(err)
	}
	_, err = caller.Call(ctx, "sales", diff.CallOrder{Customer: customer})
	if ctx.Err() == nil {
		t.Error("the list of calls was not waited for")
	}
	if KindOf(err) != Interrupted || !strings.HasPrefix(errText(err), "the call may have been made: ") {
		t.Errorf("kind %v: %v", KindOf(err), err)
	}
}
