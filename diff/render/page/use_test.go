package page

import (
	"fmt"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/diff/words"
	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// changes are what the page shows as removed and as added, word for word.
func (b *browser) changes() []string {
	b.t.Helper()
	return evaluate[[]string](b, `[...document.querySelectorAll('#changes del, #changes ins')].map(e => (e.tagName === 'DEL' ? '-' : '+') + e.textContent.trim())`)
}

func (b *browser) text(selector string) string {
	b.t.Helper()
	return evaluate[string](b, fmt.Sprintf(`document.querySelector(%q).innerText.replace(/\s+/g, ' ').trim()`, selector))
}

// compared waits until the two versions are shown, at their address.
func (b *browser) compared(before, after int, at string) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`location.hash === %q && document.getElementById('said').textContent.startsWith('From v%d to v%d: ')`, at, before, after))
}

func (b *browser) wait(condition string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[any](condition)); err != nil {
		b.t.Fatalf("%s: %v", condition, err)
	}
}

// click clicks on the middle of what a CSS selector finds.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

func (b *browser) same(what string, want, got any) {
	b.t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		b.t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// TestMouse opens the difference of two versions by clicks alone.
func TestMouse(t *testing.T) {
	b := newBrowser(t)
	b.in(1440, "light")
	b.open(demo(), "")
	b.click(`a[href="#outbound-sales"]`)
	b.wait(`!document.getElementById('agent').hidden`)
	b.same("the title", "outbound-sales v6 · agentsync", evaluate[string](b, `document.title`))
	b.click(`#versions a[data-version="3"]`)
	b.compared(2, 3, "#outbound-sales/v3")
	b.same("v2 to v3", []string{"-0.7", "+0.4"}, b.changes())
	b.click(`label:has(#layout-inline)`)
	b.same("inline", []string{"-0.7", "+0.4"}, b.changes())
	evaluate[any](b, `(() => { const s = document.getElementById('after'); s.value = '6'; s.dispatchEvent(new Event('change')); })()`)
	b.compared(2, 6, "#outbound-sales/v2..v6")
	if got := b.changes(); !strings.Contains(strings.Join(got, "|"), "+in rupees, as a range") {
		t.Errorf("v2 to v6 inline shows %q", got)
	}
	b.click(`#swap`)
	b.compared(6, 2, "#outbound-sales/v6..v2")
	if got := b.changes(); !strings.Contains(strings.Join(got, "|"), "-in rupees, as a range") {
		t.Errorf("swapped, it shows %q", got)
	}
	b.do(chromedp.NavigateBack())
	b.compared(2, 6, "#outbound-sales/v2..v6")
	b.click(`#life a[data-version="5"]`)
	b.compared(4, 5, "#outbound-sales/v5")
	if got := b.text("#changes"); !strings.Contains(got, "Promise a discount.") || !strings.Contains(got, "No change in settings, call outcomes and call infields.") {
		t.Errorf("v4 to v5 shows %q", got)
	}
	b.click(`.crumbs a`)
	b.wait(`!document.getElementById('fleet').hidden`)
}

// TestKeyboard does the same with no mouse.
func TestKeyboard(t *testing.T) {
	b := newBrowser(t)
	b.in(1440, "light")
	b.open(demo(), "")
	press := func(keys ...string) {
		t.Helper()
		for _, key := range keys {
			b.do(chromedp.KeyEvent(key))
		}
	}
	tabTo := func(what string) {
		t.Helper()
		for range 60 {
			press(kb.Tab)
			if evaluate[bool](b, fmt.Sprintf(`document.activeElement.matches(%q)`, what)) {
				if !evaluate[bool](b, `(() => { const e = document.activeElement, s = getComputedStyle(e), after = getComputedStyle(e, '::after'), next = e.nextElementSibling && getComputedStyle(e.nextElementSibling);
					return [s, after, next].some(s => s && s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0); })()`) {
					t.Errorf("nothing shows that %s has the focus", what)
				}
				return
			}
		}
		t.Fatalf("Tab does not get to %s", what)
	}
	press(kb.Tab)
	b.same("first", "skip", evaluate[string](b, `document.activeElement.id`))
	tabTo("#search")
	press("r", "u", "p", "e", "e", "s")
	b.same("found", []string{"#outbound-sales"}, evaluate[[]string](b, `[...document.querySelectorAll('#fleet tr[data-kinds]:not([hidden]) a.open')].map(a => a.getAttribute('href'))`))
	tabTo("a.open")
	press(kb.Enter)
	b.wait(`!document.getElementById('agent').hidden`)
	b.same("the focus", "agent-title", evaluate[string](b, `document.activeElement.id`))
	tabTo("#versions a")
	b.same("in the tab order", "6", evaluate[string](b, `document.activeElement.dataset.version`))
	press(kb.ArrowDown, kb.ArrowDown, kb.ArrowDown, kb.Enter)
	b.compared(2, 3, "#outbound-sales/v3")
	b.same("v2 to v3", []string{"-0.7", "+0.4"}, b.changes())
	b.same("the focus stays", "3", evaluate[string](b, `document.activeElement.dataset.version`))
	b.same("said", "From v2 to v3: 1 change", b.text("#said"))
	press(kb.End, kb.Home)
	b.same("at the top", "7", evaluate[string](b, `document.activeElement.dataset.version`))
	tabTo("#after")
	press("v", "6")
	b.compared(2, 6, "#outbound-sales/v2..v6")
	b.same("the select keeps the focus", "after", evaluate[string](b, `document.activeElement.id`))
	tabTo("#layout-side")
	press(kb.ArrowRight)
	b.same("inline tables", true, evaluate[bool](b, `document.querySelectorAll('#changes table.inline').length > 0 && document.querySelectorAll('#changes table.side').length === 0`))
	tabTo("#everything")
	press(" ")
	b.wait(`document.getElementById('changes').innerText.includes('Indus-hi-maya')`)
}

// TestAddresses opens links from outside, good ones and bad ones.
func TestAddresses(t *testing.T) {
	b := newBrowser(t)
	b.in(1440, "light")
	for _, tt := range []struct{ at, view, title, before, after string }{
		{"", "fleet", "Fleet", "", ""},
		{"#outbound-sales", "agent", "outbound-sales v6", "4", "6"}, // v4 was live before, v5 was not
		{"#outbound-sales/v2", "agent", "outbound-sales v2", "1", "2"},
		{"#outbound-sales/v7", "agent", "outbound-sales v7", "6", "7"}, // a draft, to what is live
		{"#outbound-sales/v1", "agent", "outbound-sales v1", "0", "1"},
		{"#outbound-sales/v2..v6", "agent", "outbound-sales v6", "2", "6"},
		{"#outbound-sales/0..v6", "agent", "outbound-sales v6", "0", "6"},
		{"#outbound-sales/v99", "missing", "Not on this page", "", ""},
		{"#outbound-sales/v99..v2", "missing", "Not on this page", "", ""},
		{"#outbound-sales/nonsense", "missing", "Not on this page", "", ""},
		{"#win-back", "missing", "Not on this page", "", ""},
		{"#%E0%A4%A", "missing", "Not on this page", "", ""},
		{"#__proto__/v1", "missing", "Not on this page", "", ""},
	} {
		b.open(demo(), tt.at)
		b.same(tt.at+": the view", tt.view, evaluate[string](b, `[...document.querySelectorAll('main > section:not([hidden])')].map(s => s.id).join()`))
		b.same(tt.at+": the title", tt.title+" · agentsync", evaluate[string](b, `document.title`))
		if tt.view == "agent" {
			b.same(tt.at+": from", tt.before, evaluate[string](b, `document.getElementById('before').value`))
			b.same(tt.at+": to", tt.after, evaluate[string](b, `document.getElementById('after').value`))
		}
	}
}

// TestUntoldTimes: what the platform does not tell is said, and not made up.
func TestUntoldTimes(t *testing.T) {
	b := newBrowser(t)
	b.in(1440, "light")
	r := demo()
	sales := &r.Timelines[3]
	sales.Live = 4
	sales.Spans = []history.Span{{Version: 1, From: ago(212), To: ago(96), Known: history.ByCreation}, {Version: 4, From: ago(96), To: ago(20), Known: history.ByWrite},
		{Version: 6, From: ago(20), Known: history.ByLock, Lock: "9c01d4e7aa52"}, {Version: 4, Known: history.Untold}}
	b.open(r, "#outbound-sales")
	b.same("compared with what was live before", []string{"6", "4"}, evaluate[[]string](b, `['before', 'after'].map(id => document.getElementById(id).value)`))
	b.same("v4", "LIVE 20 Aug 2026, 09:30 – 4 Nov 2026, 09:30 since a time that is not known", b.text("#version-facts dl > div"))
	b.same("the strip", []string{"v1, 26 Apr 2026 – 20 Aug 2026", "v4, 20 Aug 2026 – 4 Nov 2026", "v6, 4 Nov 2026 – ?", "v4, ? – now"},
		evaluate[[]string](b, `[...document.querySelectorAll('#life a')].map(a => a.title)`))
	b.reopen("#outbound-sales/v6")
	b.same("v6", "LIVE 4 Nov 2026, 09:30 – a time that is not known the lock file had it by then (9c01d4e7aa52)", b.text("#version-facts dl > div"))
	b.reopen("#outbound-sales/v1")
	b.same("v1", "LIVE 26 Apr 2026, 09:30 – 20 Aug 2026, 09:30 it was made then; when it was published is not known", b.text("#version-facts dl > div"))
	b.reopen("#outbound-sales/v3")
	b.same("v3", "LIVE never, as far as is known", b.text("#version-facts dl > div"))
}

// TestHostileTextsInABrowser: they are shown, and do nothing.
func TestHostileTextsInABrowser(t *testing.T) {
	b := newBrowser(t)
	b.in(1440, "light")
	for _, at := range []string{"", "#evil/v2", "#evil/0..v2", "#evil/v1"} {
		b.open(hostileReport(), at)
		b.same(at, "undefined", evaluate[string](b, `typeof window.broken`))
		b.same(at+": scripts", 2, evaluate[int](b, `document.scripts.length`))
		b.same(at+": requests", 0, evaluate[int](b, `performance.getEntriesByType('resource').filter(r => !r.name.startsWith('data:')).length`))
		b.same(at+": images", 0, evaluate[int](b, `document.images.length + document.querySelectorAll('[onload], [onerror]').length`))
	}
	b.open(hostileReport(), "#evil/0..v2")
	shown := b.text("#changes")
	for _, text := range hostile[:8] {
		if strings.ContainsRune(text, '\u2028') {
			text = "aU+2028bU+2029c"
		}
		if !strings.Contains(shown, text) {
			t.Errorf("the page does not show %q:\n%s", text, shown)
		}
	}
	if !strings.Contains(shown, "U+202Egnp.exe") {
		t.Errorf("a bidi control is not shown:\n%s", shown)
	}
}

// TestWordsAreThoseOfAPlan: the page marks the words that a plan marks.
func TestWordsAreThoseOfAPlan(t *testing.T) {
	b := newBrowser(t)
	b.open(demo(), "")
	for _, tt := range [][2]string{
		{"Ask for the city.", "Ask for the budget."}, {"Ask for the budget.", "Ask for the budget in rupees."}, {"Say no to all.", "Say yes, please to all."},
		{"ग्राहक से बजट पूछें।", "ग्राहक से शहर पूछें।"}, {"请问您的姓名和城市", "请问您的姓名和预算"}, {"Be brief.", "Frage nach der Stadt."},
		{"Be brief.\nAsk for the city now.", "Ask for the budget now.\nThank the caller."}, {hindiPrompt, strings.Replace(hindiPrompt, "दो वाक्य", "तीन वाक्य", 1)},
		{"a\n\nb\n\nc", "a\n\nb\n\nx\n\nc"}, {tamilPrompt, strings.Replace(tamilPrompt, "இரண்டு", "மூன்று", 1)}, {salesPrompt, "## Intro\n" + strings.Replace(salesPrompt, "Be brief", "Be very brief", 1)},
		{"", "one\ntwo"}, {"one\ntwo", ""}, {"same", "same"},
	} {
		before, after := words.Split(tt[0]), words.Split(tt[1])
		var want []string
		for _, h := range words.Lines(before, after) {
			for _, line := range words.Align(before[h.Old.From:h.Old.To], after[h.New.From:h.New.To]) {
				want = append(want, marked(line))
			}
		}
		got := evaluate[[]string](b, fmt.Sprintf(`diff.rows(%s, %s).filter(r => !r.same).flatMap(r => [['-', r.old], ['+', r.now]].filter(([, side]) => side)
			.map(([sign, side]) => sign + side.parts.map(([text, is]) => is ? '[' + text + ']' : text).join('')))`, list(before), list(after)))
		if d := cmp.Diff(strings.Join(want, "\n"), strings.Join(got, "\n")); d != "" {
			t.Errorf("%q (-plan +page):\n%s", tt, d)
		}
	}
}

func marked(line words.Line) string {
	out := string(line.Sign)
	for _, p := range line.Parts {
		if p.Changed {
			out += "[" + p.Text + "]"
		} else {
			out += p.Text
		}
	}
	return out
}

func list(lines []string) string {
	out := "["
	for _, line := range lines {
		out += fmt.Sprintf("%q,", line)
	}
	return out + "]"
}

// TestDifferencesLoseNothing: over random texts, the rows are the two texts, and
// no shorter list of edits is missed by much.
func TestDifferencesLoseNothing(t *testing.T) {
	b := newBrowser(t)
	b.open(demo(), "")
	b.same("broken texts", "", evaluate[string](b, `(() => {
		let seed = 7;
		const random = n => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
		const words = ['ask', 'the', 'budget', 'ग्राहक', 'से', 'बजट', '請問', '# head', '', ' ', 'a', '👨‍👩‍👧', 'é', '.'];
		const line = () => Array.from({ length: random(6) }, () => words[random(words.length)]).join(' ');
		for (let i = 0; i < 3000; i++) {
			const a = Array.from({ length: random(12) }, line), b = a.flatMap(l => random(4) ? [l] : random(2) ? [line()] : [l, line()]).slice(random(3));
			const rows = diff.rows(a, b), join = side => rows.filter(r => r[side]).map(r => r[side].parts.map(p => p[0]).join(''));
			if (JSON.stringify([join('old'), join('now')]) !== JSON.stringify([a, b])) return JSON.stringify([a, b, rows]);
			if (rows.some(r => r.same && r.old.parts[0][0] !== r.now.parts[0][0])) return 'unequal lines are called the same: ' + JSON.stringify([a, b]);
			const text = a.join('\n');
			if (diff.tokens(text).join('') !== text) return 'tokens lose something of ' + JSON.stringify(text);
		}
		return '';
	})()`))
}

// TestDirections: a line that was changed keeps its own direction, whatever a
// screen reader is told before it.
func TestDirections(t *testing.T) {
	b := newBrowser(t)
	b.in(1440, "light")
	b.open(demo(), "#support-urdu/v2")
	b.same("Urdu", []string{"rtl"}, evaluate[[]string](b, `[...new Set([...document.querySelectorAll('#changes td.text')].map(e => getComputedStyle(e).direction))]`))
	b.open(demo(), "#outbound-sales-hindi/v2")
	b.same("Hindi", []string{"ltr"}, evaluate[[]string](b, `[...new Set([...document.querySelectorAll('#changes td.text')].map(e => getComputedStyle(e).direction))]`))
	if ratio := evaluate[float64](b, `(e => parseFloat(e.lineHeight) / parseFloat(e.fontSize))(getComputedStyle(document.querySelector('#changes td.text')))`); ratio < 1.7 {
		t.Errorf("lines of a prompt are %v apart: marks above and below letters touch", ratio)
	}
}

// cells are the rows of the table of calls, as a reader sees them.
func (b *browser) cells() []string {
	b.t.Helper()
	return evaluate[[]string](b, `[...document.querySelectorAll('#calls tr')].map(r => [...r.cells].map(c => c.innerText.replace(/\s+/g, ' ').trim()).join(' | '))`)
}

// TestCallBars: each version's calls stand in figures, and beside them as bars that
// are as long as the figures say and that can be told from what is behind them.
func TestCallBars(t *testing.T) {
	b := newBrowser(t)
	for _, scheme := range []string{"light", "dark"} {
		b.in(1440, scheme)
		b.open(demo(), "#outbound-sales/v4..v6")
		b.same("v4 to v6", []string{"Calls | v4 | v6", "answered | 730 of 1210 calls, 60% | 301 of 412 calls, 73%", "length | 51 s on average | 1 min 14 s on average",
			"qualified | 320 of 730, 44% | 188 of 301, 62%", "not_qualified | 402 of 730, 55% | 71 of 301, 24%",
			"follow_up | 0 of 730, 0% | 30 of 301, 10%", "no outcome | 8 of 730, 1% | 0 of 301, 0%",
			"no transcript | 0 of 730, 0% | 12 of 301, 4%"}, b.cells())
		b.same("lengths", true, evaluate[bool](b, `[...document.querySelectorAll('#calls .share')].every(s => {
			const [, part, all] = /(\d+) of (\d+)/.exec(s.textContent), fill = s.querySelector('.fill').getBoundingClientRect().width, track = s.querySelector('.track').getBoundingClientRect().width;
			return track > 40 && Math.abs(fill / track - part / all) < 0.02; })`))
		if ratio := evaluate[float64](b, `(() => {
			const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
			const light = e => { context.fillStyle = getComputedStyle(document.querySelector(e)).backgroundColor; context.fillRect(0, 0, 1, 1);
				const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
			const [a, b] = [light('.fill'), light('.track')].sort((x, y) => y - x);
			return (a + 0.05) / (b + 0.05); })()`); ratio < 3 {
			t.Errorf("%s: a bar and its ground have a contrast of%.2f (WCAG 2.2, 1.4.11: 3)", scheme, ratio)
		}
	}
	b.same("the remark", "3 calls of this agent could not be placed: nothing is sure of what was live then.", b.text("#calls .muted"))
	b.open(demo(), "#outbound-sales/0..v5")
	b.same("nobody took a call", []string{"Calls | v5", "answered | 0 of 9 calls, 0%", "length | none"}, b.cells())
	b.open(demo(), "#outbound-sales/v1..v2")
	b.same("no calls", "No calls are known of v1 and v2. 3 calls of this agent could not be placed: nothing is sure of what was live then.", b.text("#calls"))
	b.open(demo(), "#outbound-sales-hindi/0..v2")
	b.same("Hindi", "रुचि है | 1 of 1, 100%", b.cells()[3])
	b.same("cut", "Calls before 22 Oct 2026 are too many to read.", b.text("#calls .muted"))
	b.open(demo(), "#support-urdu")
	b.same("no list", "Nothing is known of calls: this platform does not list calls.", b.text("#calls"))
	b.open(demo(), "#collections-tamil")
	b.same("not asked for", "", b.text("#calls"))
}

// looks are the page in all its forms.
func looks(b *browser, each func(name string)) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1440, 320} {
			for _, at := range []string{"", "#outbound-sales", "#outbound-sales/v4..v6", "#outbound-sales/v7", "#outbound-sales/0..v6", "#support-urdu/v2", "#nobody", "#billing-reminders-for-customers-with-more-than-one-open-invoice"} {
				b.in(width, scheme)
				b.open(demo(), at)
				each(fmt.Sprintf("%s, %d wide, %q", scheme, width, at))
			}
		}
	}
}

// contrast lists texts whose colour is too near to that of what is behind them
// (WCAG 2.2, 1.4.3: 4.5, and 3 for large ones).
const contrast = `(() => {
	const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
	const rgba = colour => { context.clearRect(0, 0, 1, 1); context.fillStyle = colour; context.fillRect(0, 0, 1, 1); return [...context.getImageData(0, 0, 1, 1).data].map((v, i) => i === 3 ? v / 255 : v); };
	const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const over = (top, below) => top.slice(0, 3).map((v, i) => v * top[3] + below[i] * (1 - top[3]));
	const behind = e => { const own = rgba(getComputedStyle(e).backgroundColor); return own[3] === 1 || !e.parentElement ? own.slice(0, 3) : over(own, behind(e.parentElement)); };
	const out = new Set();
	for (const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); walk.nextNode();) {
		const e = walk.currentNode.parentElement, s = getComputedStyle(e);
		if (!walk.currentNode.data.trim() || !e.checkVisibility({ visibilityProperty: true }) || e.closest('.visually-hidden, .skip, script, option') || s.clipPath !== 'none') continue;
		const ground = behind(e), ink = over(rgba(s.color), ground), size = parseFloat(s.fontSize);
		if (size === 0) continue;
		const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
		const large = size >= 24 || size >= 18.66 && Number(s.fontWeight) >= 700;
		if (ratio < (large ? 3 : 4.5)) out.add(ratio.toFixed(2) + ' ' + e.tagName + '.' + e.className + ': ' + walk.currentNode.data.trim().slice(0, 40));
	}
	return [...out];
})()`

func TestContrast(t *testing.T) {
	b := newBrowser(t)
	looks(b, func(name string) {
		if bad := evaluate[[]string](b, contrast); len(bad) > 0 {
			t.Errorf("%s:\n%s", name, strings.Join(bad, "\n"))
		}
	})
	evaluate[any](b, `document.body.style.color = '#999', document.body.style.background = '#888'`)
	if len(evaluate[[]string](b, contrast)) == 0 {
		t.Error("the test sees no contrast that is too low")
	}
}

// TestNothingIsWiderThanTheScreen, at 320 pixels (WCAG 2.2, 1.4.10).
func TestNothingIsWiderThanTheScreen(t *testing.T) {
	b := newBrowser(t)
	looks(b, func(name string) {
		if over := evaluate[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("%s: the page is %d pixels too wide", name, over)
		}
	})
}

// named are the roles that a screen reader calls by a name.
var named = map[string]bool{"button": true, "link": true, "combobox": true, "radio": true, "checkbox": true, "searchbox": true, "textbox": true,
	"heading": true, "table": true, "navigation": true, "group": true, "form": true, "RootWebArea": true, "columnheader": true, "rowheader": true, "region": true}

// TestLabels: in the browser's accessibility tree all that can be used has a name,
// there is one main part and one first heading, and tables are tables.
func TestLabels(t *testing.T) {
	b := newBrowser(t)
	looks(b, func(name string) {
		tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for _, node := range tree.Nodes {
			if node.Ignored || node.Role == nil {
				continue
			}
			role, label := word(node.Role), word(node.Name)
			seen[role]++
			if named[role] && strings.TrimSpace(label) == "" {
				t.Errorf("%s: a %s has no name", name, role)
			}
		}
		if seen["main"] != 1 || seen["contentinfo"] != 1 || seen["banner"] != 1 {
			t.Errorf("%s: the parts of the page are %v", name, seen)
		}
		b.same(name+": first headings", 1, evaluate[int](b, `[...document.querySelectorAll('h1')].filter(h => h.checkVisibility()).length`))
		b.same(name+": ids that stand twice", []string{}, evaluate[[]string](b, `[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)`))
		if strings.Contains(name, `""`) && (seen["table"] != 2 || seen["row"] < 8) {
			t.Errorf("%s: the fleet is no table for a screen reader: %v", name, seen)
		}
	})
}

func word(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	return strings.Trim(string(v.Value), `"`)
}

// TestLargeFleetOpensFast: 200 agents with 50 versions of 4 KB prompts, to where a
// difference is drawn, in under 2 s.
func TestLargeFleetOpensFast(t *testing.T) {
	b := newBrowser(t)
	b.open(large(200, 50), "")
	for _, at := range []string{"", "#agent-123/v40"} {
		best := 1e9
		for range 3 {
			b.reopen(at)
			best = min(best, evaluate[float64](b, `performance.getEntriesByType('navigation')[0].loadEventEnd`))
		}
		t.Logf("%q: open after %.0f ms", at, best)
		if best <= 0 || best > 2000 {
			t.Errorf("%q: open after %.0f ms", at, best)
		}
	}
	if got := b.text("#version-title"); !strings.HasPrefix(got, "v40") || len(b.changes()) == 0 {
		t.Errorf("the page shows %q and %q", got, b.changes())
	}
}
