import "@jifen/ui/ui.css";
import "./till.css";
import "@jifen/words/till";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";

interface Trusting {
  trustedTypes?: { createPolicy: (name: string, rules: { createScriptURL: (text: string) => string }) => { createScriptURL: (text: string) => string } };
}

const WORKER = "/till/sw.js";

/** The service worker, whose address is the only script address that this page ever makes. */
function beginWorker(): void {
  const trusted = (window as unknown as Trusting).trustedTypes;
  const address = trusted ? trusted.createPolicy("jifen-till", { createScriptURL: () => WORKER }).createScriptURL("") : WORKER;
  navigator.serviceWorker.register(address, { scope: "/till/" }).catch(() => undefined);
}

const root = document.getElementById("app");
if (!root) throw new Error("index.html has the element");
// The worker serves what lies below /till/: the page stands there too.
if (location.pathname === "/till") location.replace("/till/");
else {
  if ("serviceWorker" in navigator) beginWorker();
  createRoot(root).render(<App />);
}
