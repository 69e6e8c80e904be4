// Builds the screens: types from the OpenAPI document, checked, bundled an app at a time, pressed, and held to their limits.
//
//   node build.mjs          everything, into ../src/jifen/built_screens/<app>
//   node build.mjs types    only the types of the API
//
// tools/screens.py calls it when something changed. A new app is a folder in apps/ with a screen.json:
//   first_load_kb_max   what a first visit may fetch, gzip
//   preact              it is written for React and built on Preact, which is a twelfth as large
// A public/sw.js is given the names of all files that make its shell.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const into = join(here, "..", "src", "jifen", "built_screens");
const PRESSED = /\.(html|js|css|svg|json|webmanifest|txt|wasm)$/;

function run(script, ...more) {
  execFileSync(process.execPath, [script, ...more], { cwd: here, stdio: "inherit" });
}

function types() {
  const folder = join(here, "packages", "api");
  const found = [join(folder, "node_modules"), join(here, "node_modules")]
    .map((one) => join(one, "openapi-typescript", "bin", "cli.js"))
    .find((one) => existsSync(one));
  const document = join(here, "..", "docs", "reference", "openapi.json");
  run(found, document, "-o", join(folder, "src", "generated.ts"), "--alphabetize");
}

function files(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** What a first visit fetches: the page, and what it names. */
function firstLoad(folder) {
  const page = readFileSync(join(folder, "index.html"), "utf8");
  const named = [...page.matchAll(/(?:src|href)="\/[a-z]+\/(assets\/[^"]+\.(?:js|css))"/g)].map((one) => one[1]);
  return ["index.html", ...new Set(named)]
    .map((name) => gzipSync(readFileSync(join(folder, name)), { level: 9 }).length)
    .reduce((sum, one) => sum + one, 0);
}

function press(folder) {
  for (const path of files(folder).filter((one) => PRESSED.test(one))) {
    const plain = readFileSync(path);
    const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } };
    writeFileSync(`${path}.br`, brotliCompressSync(plain, brotli));
    writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }));
  }
}

/** Tell a service worker that asks ("the shell") what makes the shell, and which it is: another build is another worker. */
function tellWorker(folder, app) {
  const worker = join(folder, "sw.js");
  const text = existsSync(worker) ? readFileSync(worker, "utf8") : "";
  if (!text.includes('"the shell"')) return;
  const names = files(folder).map((path) => relative(folder, path)).filter((name) => name !== "sw.js").sort();
  const told = createHash("sha256");
  for (const name of names) told.update(name).update(readFileSync(join(folder, name)));
  const shell = { name: `${app}-${told.digest("hex").slice(0, 16)}`, files: names.filter((name) => name !== "index.html") };
  writeFileSync(worker, text.replace('"the shell"', JSON.stringify(shell)));
}

const ON_PREACT = [
  ["react/jsx-runtime", "preact/jsx-runtime"], ["react/jsx-dev-runtime", "preact/jsx-runtime"], ["react-dom/client", "preact/compat/client"],
  ["react-dom", "preact/compat"], ["react", "preact/compat"],
].map(([find, replacement]) => ({ find: new RegExp(`^${find}$`), replacement }));

async function bundle(app) {
  const { build } = await import("vite");
  const react = (await import("@vitejs/plugin-react")).default;
  const root = join(here, "apps", app);
  const said = JSON.parse(readFileSync(join(root, "screen.json"), "utf8"));
  const out = join(into, app);
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    base: `/${app}/`,
    publicDir: join(root, "public"),
    plugins: [react()],
    resolve: { alias: said.preact ? ON_PREACT : [] },
    build: { outDir: out, emptyOutDir: true, target: "es2023", assetsInlineLimit: 0, chunkSizeWarningLimit: 1000, modulePreload: { polyfill: false } },
  });
  const bytes = firstLoad(out);
  console.log(`${app}: first load ${(bytes / 1000).toFixed(1)} kB gzip of ${said.first_load_kb_max} kB`);
  if (bytes > said.first_load_kb_max * 1000) throw new Error(`${app} is larger than its limit`);
  tellWorker(out, app);
  press(out);
}

types();
if (process.argv[2] !== "types") {
  run(join(here, "node_modules", "typescript", "bin", "tsc"), "--project", here);
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  const apps = readdirSync(join(here, "apps")).filter((one) => existsSync(join(here, "apps", one, "screen.json")));
  for (const app of apps) await bundle(app);
  const made = files(into).map((one) => relative(into, one)).sort();
  writeFileSync(join(into, "made.json"), `${JSON.stringify({ apps, files: made }, null, 1)}\n`);
}
