/*
 * Vitrine's tracking script: page views and navigations, time on page, scroll depth, and what a theme tells it.
 * It sets no cookie. docs/analytics.md says what becomes of the events.
 *
 *   <script src="https://api.example/track.js" data-token="vs_…" defer></script>
 *
 * or, without data-token: vitrine.init({ token: "vs_…", endpoint: "https://api.example/track", consent: "required" })
 */
(function (window, document, navigator) {
  "use strict";

  var IDLE = 30 * 60 * 1000; // ms without an event that end a session
  var SOON = 1000; // ms for which events wait for others
  var LATEST = 5 * 60 * 1000; // ms between two tries at the most
  var BATCH = 10; // events of one request: beacons have at most 64 kB
  var MOST = 500; // events that wait while there is no way to send them
  var KEY = "vitrine";

  var script = document.currentScript;
  var config, page, timer, memory;
  var allowed = false;
  var sending = false;
  var wait = SOON;
  var queue = [];

  function refuses() {
    return navigator.globalPrivacyControl || navigator.doNotTrack === "1" || window.doNotTrack === "1";
  }

  function uuid() {
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    return Array.prototype.map.call(bytes, function (byte) { return (byte + 256).toString(16).slice(1); }).join("");
  }

  /* The session, kept in the tab: in memory where there is no storage. */
  function session() {
    var now = Date.now();
    var found = memory;
    try { found = JSON.parse(sessionStorage.getItem(KEY)) || found; } catch (_) { /* no storage */ }
    if (!found || now - found.at > IDLE) found = { id: uuid(), sequence: 0 };
    found.at = now;
    found.sequence += 1;
    memory = found;
    try { sessionStorage.setItem(KEY, JSON.stringify(found)); } catch (_) { /* no storage */ }
    return found;
  }

  function track(name, properties, url) {
    if (!allowed) return;
    var current = session();
    queue.push({
      id: uuid(), name: name, sessionId: current.id, sequence: current.sequence, occurredAt: new Date().toISOString(),
      url: (url || here()).slice(0, 2048), title: document.title.slice(0, 300),
      referrer: (page ? page.referrer : document.referrer).slice(0, 2048), properties: properties
    });
    if (queue.length > MOST) queue.shift();
    schedule();
  }

  function schedule() {
    timer = timer || setTimeout(function () { timer = 0; send(); }, wait);
  }

  /* Sends what waits, again and again until it is taken. Each event keeps its id and its time, so it counts once. */
  function send() {
    if (sending || !queue.length) return;
    var batch = queue.slice(0, BATCH);
    sending = true;
    fetch(address(), { method: "POST", body: body(batch), credentials: "omit" })
      .then(function (answer) {
        if (answer.status === 429 || answer.status > 499) throw answer;
        queue = queue.filter(function (event) { return batch.indexOf(event) < 0; });
        wait = SOON;
      })
      .catch(function () { wait = Math.min(wait * 2, LATEST); })
      .then(function () { sending = false; if (queue.length) schedule(); });
  }

  /* The page goes away, and perhaps never comes back: what waits is handed to the browser. */
  function flush() {
    while (queue.length && navigator.sendBeacon(address(), body(queue.slice(0, BATCH)))) queue.splice(0, BATCH);
  }

  function address() { return config.endpoint + "?token=" + encodeURIComponent(config.token); }

  function body(events) { return JSON.stringify({ events: events }); }

  /* -- pages ------------------------------------------------------------------------------------------------------ */

  function here() { return location.href.split("#")[0]; }

  function view() {
    if (!allowed) return;
    page = { url: here(), referrer: page ? page.url : document.referrer, since: visible() ? Date.now() : 0, depth: 0, told: -1 };
    look();
    track("page_view");
  }

  function visible() { return document.visibilityState !== "hidden"; }

  function look() {
    var height = document.documentElement.scrollHeight;
    if (page && height) page.depth = Math.max(page.depth, Math.min(100, Math.round(100 * (window.scrollY + window.innerHeight) / height)));
  }

  /* Time since the page was last seen, and how far down it was: may be told several times, each time what is new. */
  function leave() {
    if (!page) return;
    var seconds = page.since ? Math.round((Date.now() - page.since) / 1000) : 0;
    if (seconds || page.depth > page.told) track("page_leave", { seconds: seconds, scroll: page.depth }, page.url);
    page.told = page.depth;
    page.since = 0;
  }

  /* After the theme has drawn the page, so that it has its title. */
  function navigated() {
    setTimeout(function () { if (page && here() !== page.url) { leave(); view(); } });
  }

  function follow(method) {
    var original = history[method];
    history[method] = function () {
      var result = original.apply(this, arguments);
      navigated();
      return result;
    };
  }

  function start() {
    if (allowed || !config || refuses()) return;
    allowed = true;
    view();
  }

  function init(options) {
    if (config) return;
    config = options;
    config.endpoint = config.endpoint || (script ? new URL("/track", script.src).href : "/track");
    follow("pushState");
    follow("replaceState");
    addEventListener("popstate", navigated);
    addEventListener("scroll", look, { passive: true });
    document.addEventListener("visibilitychange", function () {
      if (!visible()) { leave(); flush(); } else if (page) page.since = Date.now();
    });
    addEventListener("pagehide", function () { leave(); flush(); });
    addEventListener("pageshow", function (event) { if (event.persisted) view(); });
    if (config.consent !== "required") start();
  }

  function consent(given) {
    if (given) return start();
    allowed = false;
    queue = [];
    page = memory = null;
    try { sessionStorage.removeItem(KEY); } catch (_) { /* no storage */ }
  }

  function named(name) { return function (properties) { track(name, properties); }; }

  window.vitrine = {
    init: init,
    consent: consent,
    track: track,
    click: function (target, properties) { track("click", Object.assign({ target: target }, properties)); },
    form: function (form, properties) { track("form_submit", Object.assign({ form: form }, properties)); },
    productView: named("product_view"),
    addToCart: named("add_to_cart"),
    checkout: named("checkout_initiated"),
    purchase: named("purchase")
  };

  if (script && script.dataset.token) {
    init({ token: script.dataset.token, endpoint: script.dataset.endpoint, consent: script.dataset.consent });
  }
})(window, document, navigator);
