// The shell of the app, so that it opens without a network. Nothing that the API answers is kept here: see kept.ts.
// The build puts the name of this shell and of its files below; another build is another worker.
const shell = "the shell";
const PAGE = "/app/";

addEventListener("install", (event) => {
  const wanted = [PAGE, ...shell.files.map((name) => PAGE + name)].map((one) => new Request(one, { cache: "no-cache" }));
  event.waitUntil(caches.open(shell.name).then((cache) => cache.addAll(wanted)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const others = caches.keys().then((names) =>
    Promise.all(names.filter((name) => name.startsWith("app-") && name !== shell.name).map((name) => caches.delete(name))),
  );
  event.waitUntil(others.then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || !pathname.startsWith(PAGE)) return;
  if (request.mode === "navigate") {
    // The network has the newest page; where it does not answer soon, this build's own stands in.
    event.respondWith(fetch(request, { signal: AbortSignal.timeout(4000) }).catch(() => caches.match(PAGE, { cacheName: shell.name })));
  } else {
    event.respondWith(caches.match(request, { cacheName: shell.name }).then((found) => found ?? fetch(request)));
  }
});
