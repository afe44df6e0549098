package flowtest_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"nks/gateway"
	"nks/gateway/console"
)

// browser is a window of a headless Chromium that looks at a world.
type browser struct {
	t   *testing.T
	ctx context.Context
	url string
}

func newBrowser(t *testing.T, w *world) *browser {
	t.Helper()
	server := httptest.NewServer(w.pages(func(c *console.Config) { c.Checker = &judge{} }).handler)
	t.Cleanup(server.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.Flag("accept-lang", "da"), chromedp.Flag("disable-dev-shm-usage", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // its sandbox refuses root
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, closeWindow := chromedp.NewContext(allocator)
	t.Cleanup(closeWindow)
	// The browser lives as long as the context that first uses it.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900)); err != nil {
		t.Fatal(err)
	}
	limited, cancel := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	return &browser{t, limited, server.URL}
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.url+path), chromedp.WaitReady(chromedp.CSS("main")))
}

// js evaluates an expression, also on pages whose own scripts are off.
func js[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// call sends the browser a command.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		b.t.Fatal(err)
	}
}

// waits until an expression holds. While one page gives way to another there may be nothing to evaluate it on.
func (b *browser) waits(what, expression string) {
	b.t.Helper()
	var last error
	holds := func() (ok bool) {
		ok, last = chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
		return ok && last == nil
	}
	if !eventually(b.t, holds) {
		b.t.Fatalf("%s: %s never holds (%v) on %s", what, expression, last, js[string](b, `location.href + " " + document.body.innerText`))
	}
}

// tabTo presses Tab until the element with focus is what an expression over el says.
func (b *browser) tabTo(what, expression string) {
	b.t.Helper()
	for range 120 {
		if js[bool](b, `((el) => `+expression+`)(document.activeElement)`) {
			return
		}
		b.do(chromedp.KeyEvent(kb.Tab))
	}
	b.t.Fatalf("the keyboard does not reach %s", what)
}

func (b *browser) lookAs(authority string) {
	b.t.Helper()
	b.do(chromedp.SetValue(chromedp.CSS("#viewer"), authority), chromedp.Submit(chromedp.CSS(".look")))
	b.waits("the viewer", fmt.Sprintf(`document.readyState === "complete" && document.querySelector("#viewer").value === %q`, authority))
}

// faults lists what a page does that keeps somebody out.
const faults = `(() => {
	const out = [], all = (q) => [...document.querySelectorAll(q)], id = (el) => el.outerHTML.slice(0, 80);
	const name = (el) => (el.getAttribute("aria-label") || (el.getAttribute("aria-labelledby") || "").split(" ").map(i => i && document.getElementById(i)?.textContent).join("") ||
		el.textContent || "").trim();
	if (!document.documentElement.lang) out.push("no language");
	if (!document.title.trim()) out.push("no title");
	if (all("h1").length !== 1) out.push(all("h1").length + " h1");
	if (all("main").length !== 1 || all("header.site").length !== 1 || all("footer").length !== 1) out.push("landmarks");
	let level = 0;
	for (const h of all("h1,h2,h3,h4")) { const n = Number(h.tagName[1]); if (n > level + 1) out.push("heading jumps: " + id(h)); level = n; if (!name(h)) out.push("empty heading"); }
	for (const el of all("input:not([type=hidden]),select,textarea")) if (!el.labels.length) out.push("no label: " + id(el));
	for (const el of all("a,button,summary")) if (!name(el)) out.push("no name: " + id(el));
	for (const el of all("[role=region],nav,section")) if (!name(el)) out.push("region without a name: " + id(el));
	for (const el of all("svg")) if (el.getAttribute("aria-hidden") !== "true" && !(el.getAttribute("role") === "img" && el.querySelector("title")?.textContent.trim() && el.querySelector("desc")?.textContent.trim())) out.push("picture without words: " + id(el));
	for (const el of all("table")) { if (!el.caption?.textContent.trim()) out.push("table without caption"); for (const th of el.querySelectorAll("th")) if (!th.scope) out.push("th without scope: " + id(th)); }
	const ids = all("[id]").map(e => e.id), twice = ids.filter((x, i) => ids.indexOf(x) !== i);
	if (twice.length) out.push("ids twice: " + twice);
	for (const el of all("[aria-labelledby],[aria-describedby]")) for (const a of ["aria-labelledby", "aria-describedby"]) for (const i of (el.getAttribute(a) || "").split(" ")) if (i && !document.getElementById(i)) out.push("names nothing: " + i);
	for (const el of all("[style],[onclick]")) out.push("inline: " + id(el));
	if (document.body.innerText.includes("⟦")) out.push("a text is missing");
	const lum = (c) => { const v = c.map(x => { x /= 255; return x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4; }); return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
	const rgb = (s) => (s.match(/[\d.]+/g) || []).map(Number);
	const back = (el) => { for (; el; el = el.parentElement) { const c = rgb(getComputedStyle(el).backgroundColor); if (c.length === 3 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
	for (const el of all("main *,header *,footer *")) {
		if (el.closest("svg") || ![...el.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
		const a = lum(rgb(getComputedStyle(el).color)), b = lum(back(el)), ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		if (ratio < 4.5) out.push("contrast " + ratio.toFixed(2) + ": " + id(el));
	}
	return out.slice(0, 20);
})()`

func (b *browser) faultless(path string) {
	b.t.Helper()
	for _, size := range []struct {
		width int64
		dark  string
	}{{1280, "light"}, {640, "dark"}, {320, "light"}} { // 640 is a window of 1280 at 200 %
		b.do(chromedp.EmulateViewport(size.width, 800))
		call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: size.dark}}})
		if list := js[[]string](b, faults); len(list) > 0 {
			b.t.Errorf("%s at %d, %s: %s", path, size.width, size.dark, strings.Join(list, "\n"))
		}
		if wide := js[int64](b, `document.documentElement.scrollWidth`); wide > size.width {
			b.t.Errorf("%s at %d is %d wide", path, size.width, wide)
		}
	}
	b.do(chromedp.EmulateViewport(1280, 900))
}

// TestBrowser_WithoutScript walks through all pages, by keyboard where it matters, with scripts switched off.
func TestBrowser_WithoutScript(t *testing.T) {
	t.Parallel()
	w := busy(t)
	b := newBrowser(t, w)
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.open("/")
	if h1 := js[string](b, `document.querySelector("h1").innerText`); h1 != "Overblik" {
		t.Errorf("the first page says %q", h1)
	}
	if refresh := js[string](b, `document.querySelector("noscript meta[http-equiv=refresh]")?.content || document.querySelector("meta[http-equiv=refresh]")?.content || ""`); refresh != "10" {
		t.Errorf("it refreshes after %q seconds", refresh)
	}
	executed := w.row(`SELECT sum(ore) FROM standing e JOIN payment p ON p.id = e.payment_id WHERE kind = 'executed'`)
	if shown := js[string](b, `document.querySelector(".tile.s-executed span:not(.dot)").innerText.replace(/[^0-9]/g, "")`); shown != executed {
		t.Errorf("%s øre executed, the page says %s", executed, shown)
	}
	b.open("/?still=1") // a page that stays while it is looked at
	b.faultless("/")

	w.reports("n1", bankLine("BEC", gateway.LinkUp), bankLine("SDC", gateway.LinkDown), doorLine(gateway.DoorMailbox, gateway.LinkUp), doorLine(gateway.DoorQueues, gateway.LinkClosed))
	b.open("/lines?still=1")
	b.faultless("/lines")
	if broken := js[int64](b, `document.querySelectorAll(".wire.l-down").length`); broken != 1 {
		t.Errorf("%d broken wires", broken)
	}
	b.tabTo("the table of lines", `el.matches("#lines .scroll")`)

	w.connectedUpTo("LON/1", "77")
	b.open("/connections")
	b.faultless("/connections")
	b.tabTo("a connection", `el.matches('#connections a')`)
	b.do(chromedp.KeyEvent(kb.Enter))
	b.waits("a connection", `location.pathname === "/connection/LON%2F1/77" && document.readyState === "complete"`)
	b.faultless("/connection")
	b.tabTo("the cases of the report", `el.tagName === "SUMMARY"`)
	b.do(chromedp.KeyEvent(kb.Enter))
	b.waits("the cases", `document.querySelector("#reports details").open`)
	b.do(chromedp.Click(chromedp.CSS(".tongue button")))
	b.waits("the same page in English", `document.documentElement.lang === "en" && document.querySelector("h1").innerText === "Authority 77 by LON/1"`)
	b.do(chromedp.Click(chromedp.CSS(".tongue button")))
	b.waits("Danish again", `document.documentElement.lang === "da"`)
	b.open("/?still=1")

	b.lookAs("77")
	b.do(chromedp.KeyEvent(kb.Tab))
	b.tabTo("the skip link", `el.classList.contains("skip")`)
	b.do(chromedp.KeyEvent(kb.Enter))
	b.tabTo("a delivery", `el.matches('a[href="`+firstDelivery+`"]')`)
	b.do(chromedp.KeyEvent(kb.Enter))
	b.waits("a delivery", `location.pathname === "`+firstDelivery+`" && document.readyState === "complete"`)
	b.faultless(firstDelivery)
	b.tabTo("a rejected payment", `(el.getAttribute("href") || "").startsWith("/payment/")`)
	b.do(chromedp.KeyEvent(kb.Enter))
	b.waits("a payment", `location.pathname.startsWith("/payment/") && document.readyState === "complete"`)

	b.open("/search")
	b.faultless("/search")
	b.tabTo("the search field", `el.id === "q"`)
	b.do(chromedp.SendKeys(chromedp.CSS("#q"), "A-1"+kb.Enter))
	b.waits("the payment searched for", `location.pathname === "/payment/`+w.payment("A-1")+`" && document.readyState === "complete"`)
	b.faultless("/payment")
	if strings.Contains(js[string](b, `location.href`), "A-1") {
		t.Error("the address tells what was searched for")
	}

	b.open("/check")
	b.faultless("/check")
	b.do(chromedp.Submit(chromedp.CSS(".tongue")))
	b.do(chromedp.Click(chromedp.CSS(".tongue button")))
	b.waits("English", `document.documentElement.lang === "en" && document.querySelector("h1").innerText === "Dry run of a bundle"`)
	b.open("/nothing")
	b.faultless("/nothing")
}

// TestBrowser_Live: with script the numbers change by themselves, and nothing else moves.
func TestBrowser_Live(t *testing.T) {
	t.Parallel()
	w := busy(t)
	b := newBrowser(t, w)
	b.do(chromedp.EmulateViewport(1280, 700))
	b.open("/")
	received := `document.querySelector(".tile.s-all b").innerText`
	before := js[string](b, received)
	b.do(chromedp.Focus(chromedp.CSS(`a[href="` + firstDelivery + `"]`)))
	js[bool](b, `(window.marked = true, window.scrollTo(0, 300), true)`)
	at := js[int64](b, `Math.round(window.scrollY)`)
	w.receive(bundle("G-9", complete("L-1", 77)))
	b.waits("new numbers", fmt.Sprintf(`%s !== %q`, received, before))
	b.waits("the new delivery", `document.querySelector("#deliveries tbody").innerText.includes("LEVA")`)
	if got, want := js[string](b, received), console.Number(w.number(`SELECT count(*) FROM payment`)); got != want {
		t.Errorf("the page says %s payments, there are %s", got, want)
	}
	if !js[bool](b, `window.marked === true`) {
		t.Error("the page was loaded anew")
	}
	if focus := js[string](b, `document.activeElement.getAttribute("href") || ""`); focus != firstDelivery {
		t.Errorf("focus moved to %q", focus)
	}
	if now := js[int64](b, `Math.round(window.scrollY)`); now != at {
		t.Errorf("scrolled from %d to %d", at, now)
	}
}
