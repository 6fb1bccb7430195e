/**
 * Runs in the browser: every 10 s it fetches the page again and patches what changed, so that
 * scroll, focus, selection and open details stay. It waits while the tab is hidden, text is
 * selected or the reader has paused it. Pages are whole without it.
 */
export const refreshScript = `"use strict";
(() => {
  const INTERVAL_MS = 10_000;
  const main = document.querySelector("main");
  const control = document.querySelector("[data-refresh]");
  const status = document.querySelector("[data-refresh-status]");
  if (!main || !control || !status) return;
  let isPaused = control.dataset.refresh === "off";
  let isBusy = false;
  let lastAt = Date.now();

  const patch = (from, to) => {
    if (from.nodeName !== to.nodeName) return from.replaceWith(document.importNode(to, true));
    if (!(from instanceof Element)) {
      if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
      return;
    }
    for (const { name } of [...from.attributes])
      if (!to.hasAttribute(name) && name !== "open") from.removeAttribute(name);
    for (const { name, value } of [...to.attributes])
      if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    const old = [...from.childNodes];
    const fresh = [...to.childNodes];
    fresh.forEach((node, index) =>
      index < old.length ? patch(old[index], node) : from.append(document.importNode(node, true)));
    for (const node of old.slice(fresh.length)) node.remove();
  };

  // A document by XMLHttpRequest: fetch would need a parser that Trusted Types forbid.
  const load = () => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", location.href);
    request.responseType = "document";
    request.timeout = INTERVAL_MS;
    request.onload = () => {
      const fresh = request.status === 200 && request.response?.querySelector("main");
      if (fresh) resolve(request.response); else reject(new Error(String(request.status)));
    };
    request.onerror = request.ontimeout = () => reject(new Error("no answer"));
    request.send();
  });

  const refresh = async () => {
    if (isBusy || isPaused) return;
    isBusy = true;
    try {
      const page = await load();
      if (isPaused) return;
      patch(main, page.querySelector("main"));
      main.classList.remove("is-stale");
      status.textContent = page.querySelector("[data-refresh-status]")?.textContent ?? "";
      document.title = page.title;
      lastAt = Date.now();
    } catch {
      main.classList.add("is-stale");
      status.textContent = "No answer since " + new Date(lastAt).toISOString().slice(11, 19) + "Z";
    } finally {
      isBusy = false;
    }
  };

  const isReading = () => {
    const selection = getSelection();
    return selection !== null && !selection.isCollapsed && main.contains(selection.anchorNode);
  };
  setInterval(() => { if (!document.hidden && !isReading()) refresh(); }, INTERVAL_MS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() - lastAt > INTERVAL_MS) refresh();
  });

  control.addEventListener("click", (event) => {
    event.preventDefault();
    isPaused = !isPaused;
    control.textContent = isPaused ? "Resume" : "Pause";
    const url = new URL(location.href);
    if (isPaused) url.searchParams.set("refresh", "off"); else url.searchParams.delete("refresh");
    history.replaceState(null, "", url);
    if (!isPaused) refresh();
  });
})();
`;
