// Puts a fresh page in place of the old one, and says so when netmon no longer answers: a page that stands still and
// looks well is worse than none.
(() => {
  const main = document.querySelector("main");
  const stale = document.getElementById("stale");
  const pause = 1000 * Number(main.dataset.refresh);
  const refresh = async () => {
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(pause) });
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      main.replaceChildren(...fresh.querySelector("main").childNodes);
      document.title = fresh.title;
      stale.hidden = true;
    } catch {
      stale.hidden = false;
    }
    setTimeout(refresh, pause);
  };
  setTimeout(refresh, pause);
})();
