// Puts fresh numbers in place of old ones without moving anything: scroll, focus and open details stay.
(function () {
  "use strict";
  var live = document.getElementById("live");
  var every = live && Number(live.dataset.every);
  if (!every) return;

  function sameAs(el) {
    if (!el || !live.contains(el)) return null;
    if (el.id) return "#" + CSS.escape(el.id);
    var href = el.getAttribute("href");
    return href ? 'a[href="' + CSS.escape(href) + '"]' : null;
  }

  function put(fresh) {
    var focused = sameAs(document.activeElement);
    Array.prototype.forEach.call(fresh.children, function (part) {
      var old = part.id && document.getElementById(part.id);
      if (!old || old.outerHTML === part.outerHTML) return;
      var scrolls = Array.prototype.map.call(old.querySelectorAll(".scroll"), function (s) { return s.scrollLeft; });
      var next = document.importNode(part, true);
      old.replaceWith(next);
      next.querySelectorAll(".scroll").forEach(function (s, i) { s.scrollLeft = scrolls[i] || 0; });
    });
    // A part that came or went changes the page's shape: then all of it is taken.
    if (ids(fresh) !== ids(live)) live.replaceChildren.apply(live, Array.prototype.map.call(fresh.children, function (p) { return document.importNode(p, true); }));
    if (focused && document.activeElement === document.body) {
      var again = live.querySelector(focused);
      if (again) again.focus({ preventScroll: true });
    }
  }

  function ids(el) {
    return Array.prototype.map.call(el.children, function (c) { return c.id; }).join();
  }

  function again() { window.setTimeout(look, every); }

  function look() {
    if (document.hidden) return again();
    fetch(live.dataset.from || "/live", { credentials: "same-origin", signal: AbortSignal.timeout(5000) })
      .then(function (r) { return r.ok ? r.text() : Promise.reject(r.status); })
      .then(function (html) { put(new DOMParser().parseFromString("<div>" + html + "</div>", "text/html").body.firstChild); live.classList.remove("gone"); })
      .catch(function () { live.classList.add("gone"); })
      .then(again);
  }
  again();
})();
