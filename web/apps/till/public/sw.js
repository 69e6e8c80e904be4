// Makes the till's page itself available without a line. The page names its files by their contents: a page is kept once all that
// it names is kept, so a kept page is always whole, and its own names are its version. Nothing of the API is kept here.
const SHELF = "jifen-till";
const PAGE = "/till/";

async function keepPage(page) {
  const text = await page.clone().text();
  const named = [...text.matchAll(/(?:src|href)="(\/till\/[^"]+)"/g)].map((one) => one[1]);
  const shelf = await caches.open(SHELF);
  const missing = [];
  for (const one of new Set(named)) if (!(await shelf.match(one))) missing.push(one);
  await shelf.addAll(missing);
  await shelf.put(PAGE, page);
  for (const one of await shelf.keys()) {
    const path = new URL(one.url).pathname;
    if (path.startsWith("/till/assets/") && !named.includes(path)) await shelf.delete(one);
  }
}

self.addEventListener("install", (event) => {
  event.waitUntil(fetch(PAGE, { cache: "no-cache" }).then((page) => keepPage(page)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname;
  if (request.method !== "GET" || !path.startsWith("/till/")) return;
  if (request.mode === "navigate") {
    event.respondWith(
      fetch(request).then(
        (page) => {
          if (page.ok) event.waitUntil(keepPage(page.clone()).catch(() => undefined));
          return page.status >= 500 ? caches.match(PAGE).then((known) => known ?? page) : page;
        },
        () => caches.match(PAGE),
      ),
    );
  } else event.respondWith(caches.match(request).then((known) => known ?? fetch(request)));
});
