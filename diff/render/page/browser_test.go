package page

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// The page as a reader has it: in a browser, from a file.

var pictures = flag.String("pictures", "", "with a folder's name, TestPictures draws the page into it")

// browser is one running Chromium.
type browser struct {
	t    *testing.T
	ctx  context.Context
	file string // that has the page
}

// newBrowser starts Chromium. A machine without one fails the tests when
// everything is to be tried, and skips them when not. At the test's end the
// console must be empty.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	program := chromium()
	switch {
	case !exhaustive.On() && *pictures == "":
		t.Skip("a browser takes a while; " + exhaustive.Variable + " is not set")
	case program == "":
		t.Fatal("no Chromium here: Debian's package chromium has it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1440, 1000))
	allocated, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocated)
	ctx, late := context.WithTimeout(ctx, 3*time.Minute) // a busy machine takes long
	b := &browser{t: t, ctx: ctx, file: filepath.Join(t.TempDir(), "index.html")}
	messages := chromedp.Console(ctx)
	t.Cleanup(func() {
		const last = "the test is over"
		evaluate[any](b, `console.log("`+last+`")`)
		for m, err := range messages {
			if err != nil || m.Text == last {
				break
			}
			t.Errorf("the console says: %s: %s", m.Type, m.Text)
		}
		late()
		stop()
		end()
	})
	return b
}

func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// evaluate runs an expression in the page.
func evaluate[T any](b *browser, expression string) T {
	b.t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return got
}

// open writes the report into a file and opens it at an address such as
// "#outbound-sales/v7".
func (b *browser) open(r history.Report, at string) {
	b.t.Helper()
	if err := os.WriteFile(b.file, []byte(written(b.t, r)), 0o644); err != nil {
		b.t.Fatal(err)
	}
	b.reopen(at)
}

// reopen opens the last report at another address, as if for the first time.
func (b *browser) reopen(at string) {
	b.t.Helper()
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate("file://"+b.file+at))
}

// in gives the page a width, and light or dark colours.
func (b *browser) in(width int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, 1000))
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		b.t.Fatal(err)
	}
}

// picture draws the page, all of it or what the window shows.
func (b *browser) picture(name string, all bool) {
	b.t.Helper()
	action := chromedp.CaptureScreenshot()
	if all {
		action = chromedp.FullScreenshot(100)
	}
	shot, err := chromedp.Run(b.ctx, action)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*pictures, name+".png"), shot, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// TestPictures draws the page into the folder that the flag names: to be looked
// at, and for the README.
func TestPictures(t *testing.T) {
	if *pictures == "" {
		t.Skip("-pictures is not set")
	}
	b := newBrowser(t)
	for _, p := range []struct {
		name   string
		width  int64
		scheme string
		at     string
	}{
		{"fleet", 1440, "light", ""}, {"fleet-dark", 1440, "dark", ""}, {"fleet-narrow", 390, "light", ""},
		{"agent", 1440, "light", "#outbound-sales"}, {"agent-dark", 1440, "dark", "#outbound-sales"}, {"agent-narrow", 390, "dark", "#outbound-sales/v4..v6"},
		{"hindi", 1440, "light", "#outbound-sales-hindi/v2"}, {"hindi-narrow", 390, "light", "#outbound-sales-hindi/v2"}, {"tamil", 1100, "light", "#collections-tamil/v2"},
		{"urdu", 1440, "light", "#support-urdu/v2"}, {"alone", 1440, "light", "#outbound-sales/0..v6"}, {"draft", 1440, "light", "#outbound-sales/v7"},
		{"long", 800, "light", "#billing-reminders-for-customers-with-more-than-one-open-invoice"}, {"missing", 1000, "dark", "#nobody/v3"},
	} {
		b.in(p.width, p.scheme)
		b.open(demo(), p.at)
		b.picture(p.name, true)
	}
	b.in(1000, "light")
	b.open(history.Report{MadeAt: now}, "")
	b.picture("empty", true)
	b.in(1280, "light")
	b.do(chromedp.EmulateViewport(1280, 1380)) // down to the words of the prompt
	b.open(demo(), "#outbound-sales")
	b.picture("readme", false)
}
