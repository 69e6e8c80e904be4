import "@jifen/words/app";
import "./app.css";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { keepShell } from "./shell-kept.ts";

// The service worker minds what is below /app/, and every address of the app is.
if (location.pathname === "/app") history.replaceState(null, "", `/app/${location.search}`);
const root = document.getElementById("app");
if (!root) throw new Error("index.html has the element");
createRoot(root).render(<App />);
keepShell();
