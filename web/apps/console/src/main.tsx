import "@jifen/ui/ui.css";
import "./console.css";
import "@jifen/words/console";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";

const root = document.getElementById("app");
if (!root) throw new Error("index.html has the element");
createRoot(root).render(<App />);
