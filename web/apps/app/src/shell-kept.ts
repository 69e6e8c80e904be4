// The service worker, where there is one: it needs HTTPS, or this very machine.

interface Policies {
  createPolicy(name: string, rules: { createScriptURL: (address: string) => string }): { createScriptURL: (address: string) => string };
}

/** Whether this browser opens the app without a network. */
export function canKeepShell(): boolean {
  return "serviceWorker" in navigator;
}

/** Have the worker keep the shell. */
export function keepShell(): void {
  if (!canKeepShell()) return;
  const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
  const admit = policies?.createPolicy("worker", {
    createScriptURL: (address) => {
      if (address !== "/app/sw.js") throw new TypeError("no other script");
      return address;
    },
  });
  navigator.serviceWorker.register(admit?.createScriptURL("/app/sw.js") ?? "/app/sw.js").catch(() => undefined);
}
