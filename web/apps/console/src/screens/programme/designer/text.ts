// The document as text, and changes of it that touch nothing but what they change: comments, order and form survive (decision 0138).
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, YAMLMap, type YAMLSeq } from "yaml";

export type Step = string | number;
export type Path = Step[];
export type Value = string | number | boolean | null | Value[] | { [name: string]: Value };
export type Fields = { [name: string]: Value };

/** What keeps the text from being read; `text` is what stands there. */
export interface TextFault {
  code: "not_yaml" | "double" | "too_deep" | "inexact" | "alias" | "tag" | "not_fields";
  from: number;
  to: number;
  path: Path;
  text: string;
}

export interface Read {
  text: string;
  root: Node | null;
  values: Fields;
  faults: TextFault[];
}

const WORDS: Record<string, Value> = { "": null, "~": null, null: null, Null: null, NULL: null, true: true, True: true, TRUE: true, false: false, False: false, FALSE: false };
const INTEGER = /^[-+]?(0|[1-9][0-9]{0,30})$/;
const INEXACT = /^([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;

/** Whether an unquoted text is a number that is not exact; leading zeros make a code. */
function isInexact(text: string): boolean {
  return INEXACT.test(text) && !/^[-+]?[0-9]+$/.test(text);
}

/** What an unquoted text is, as the ledger reads it (`yaml_text.plain`). */
export function plain(text: string): Value {
  if (Object.hasOwn(WORDS, text)) return WORDS[text] as Value;
  return INTEGER.test(text) ? Number(text) : text;
}

const DEPTH_MAX = 64;

/** Some lines of a text that were read by themselves: one field of the document. */
interface Section {
  from: number;
  text: string;
  pairs: Pair[];
  values: Fields;
  faults: TextFault[];
}

const SECTIONS_KEPT = 100;
const kept: Section[] = [];

/**
 * The text as values, each of which can be found again in it.
 *
 * A document in blocks is read a field at a time, and a field that stands where it stood is not read again: of a chain with
 * thousands of stores only the rules are read while rules are changed.
 */
export function readText(text: string): Read {
  const starts = fieldStarts(text);
  if (starts === null) return readWhole(text);
  const sections = starts.map((from, at) => section(from, text.slice(from, starts[at + 1] ?? text.length)));
  const root = new YAMLMap();
  const faults: TextFault[] = [];
  const values: Fields = {};
  for (const one of sections) {
    faults.push(...one.faults);
    for (const pair of one.pairs) {
      const name = keyOf(pair);
      const range = (pair.key as Node).range;
      if (Object.hasOwn(values, name)) faults.push({ code: "double", from: range?.[0] ?? 0, to: range?.[1] ?? 0, path: [name], text: name });
      root.items.push(pair);
    }
    Object.assign(values, one.values);
  }
  const first = (root.items[0]?.key as Node | undefined)?.range?.[0] ?? 0;
  root.range = [first, text.length, text.length];
  return { text, root: root.items.length ? root : null, values, faults: faults.slice(0, 20) };
}

/** Where the fields of a document in blocks begin, each in a first column; null: it is written in another form. */
function fieldStarts(text: string): number[] | null {
  const starts: number[] = [];
  for (let at = 0; at < text.length; at = lineEnd(text, at) + 1) {
    const letter = text[at] as string;
    if (letter === " " || letter === "#" || letter === "\n" || letter === "\r") continue;
    if (!/[A-Za-z_]/.test(letter)) return null;
    starts.push(at);
  }
  return starts;
}

function section(from: number, text: string): Section {
  const known = kept.findIndex((one) => one.from === from && one.text === text);
  const found = known === -1 ? readSection(from, text) : (kept[known] as Section);
  if (known !== -1) kept.splice(known, 1);
  kept.push(found);
  if (kept.length > SECTIONS_KEPT) kept.shift();
  return found;
}

function readSection(from: number, text: string): Section {
  const { root, values, faults } = readWhole(text);
  if (root) shift(root, from);
  return { from, text, pairs: isMap(root) ? root.items : [], values, faults: faults.map((one) => ({ ...one, from: one.from + from, to: one.to + from })) };
}

function shift(node: unknown, by: number): void {
  if (isMap(node)) {
    for (const pair of node.items) {
      shift(pair.key, by);
      shift(pair.value, by);
    }
  } else if (isSeq(node)) for (const one of node.items) shift(one, by);
  const range = (node as Node | null)?.range;
  if (range) (node as Node).range = [range[0] + by, range[1] + by, range[2] + by];
}

function readWhole(text: string): Read {
  const faults: TextFault[] = [];
  const document = parseDocument(text, { schema: "failsafe", merge: false, prettyErrors: false });
  for (const one of document.errors.slice(0, 20)) faults.push({ code: "not_yaml", from: one.pos[0], to: Math.max(one.pos[1], one.pos[0] + 1), path: [], text: one.message });
  const root = document.contents as Node | null;
  const values = valueOf(root, [], faults);
  const isFields = typeof values === "object" && values !== null && !Array.isArray(values);
  const isEmpty = values === null || values === "";
  if (!isFields && !isEmpty && faults.length === 0) faults.push({ code: "not_fields", from: 0, to: text.length, path: [], text: "" });
  return { text, root: isFields ? root : null, values: isFields ? values : {}, faults };
}

function valueOf(node: unknown, path: Path, faults: TextFault[]): Value {
  const bad = (code: TextFault["code"], of: Node, text: string) => faults.push({ code, from: of.range?.[0] ?? 0, to: of.range?.[1] ?? 0, path, text });
  if (path.length > DEPTH_MAX) {
    bad("too_deep", node as Node, "");
    return null;
  }
  if (isAlias(node)) {
    bad("alias", node, node.source);
    return null;
  }
  if (isScalar(node)) {
    if (node.tag && node.tag !== "!" && node.tag !== "tag:yaml.org,2002:str") bad("tag", node, node.tag);
    const text = String(node.value ?? "");
    if (node.type !== "PLAIN") return text;
    if (isInexact(text)) {
      bad("inexact", node, text);
      return text;
    }
    return plain(text);
  }
  if (isSeq(node)) return node.items.map((one, at) => valueOf(one, [...path, at], faults));
  if (isMap(node)) {
    const fields: [string, Value][] = node.items.map((pair) => {
      const name = keyOf(pair);
      return [name, valueOf(pair.value, [...path, name], faults)];
    });
    return Object.fromEntries(fields);
  }
  return null;
}

function keyOf(pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : "");
}

/** The node at a path; null where there is none. */
export function nodeAt(read: Read, path: Path): Node | null {
  let node: unknown = read.root;
  for (const step of path) {
    if (isSeq(node) && typeof step === "number") node = node.items[step];
    else if (isMap(node)) node = pairAt(node, step)?.value;
    else return null;
  }
  return (node ?? null) as Node | null;
}

function pairAt(map: YAMLMap, step: Step): Pair | undefined {
  return map.items.find((one) => keyOf(one) === String(step));
}

export function valueAt(values: Value, path: Path): Value | undefined {
  let value: Value | undefined = values;
  for (const step of path) {
    if (Array.isArray(value)) value = value[step as number];
    else if (typeof value === "object" && value !== null && Object.hasOwn(value, String(step))) value = value[step];
    else return undefined;
  }
  return value;
}

/** Where the value at a path stands, or the nearest thing around it: [from, to]. */
export function placeOf(read: Read, path: Path): [number, number] {
  for (let size = path.length; size > 0; size -= 1) {
    const here = path.slice(0, size);
    const node = nodeAt(read, here);
    if (node?.range) return [node.range[0], ownEnd(node)];
  }
  return [0, 0];
}

export function lineOf(text: string, at: number): number {
  let line = 1;
  for (let i = text.indexOf("\n"); i !== -1 && i < at; i = text.indexOf("\n", i + 1)) line += 1;
  return line;
}

/** Where what belongs to a node ends, without what follows it: blank lines and comments. */
function ownEnd(node: Node): number {
  if ((isMap(node) || isSeq(node)) && !node.flow && node.items.length > 0) {
    const last = node.items.at(-1);
    if (isMap(node)) {
      const pair = last as Pair;
      return pair.value ? Math.max(ownEnd(pair.value as Node), ownEnd(pair.key as Node)) : ownEnd(pair.key as Node);
    }
    return ownEnd(last as Node);
  }
  return node.range?.[1] ?? 0;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** The end of the line, before its break. */
function lineEnd(text: string, at: number): number {
  const found = text.indexOf("\n", at);
  return found === -1 ? text.length : found;
}

// -- writing --------------------------------------------------------------------------------------------------------------

const NEEDS_QUOTES = /^(y|n|yes|no|on|off|true|false|null|~)$/i;
const SAFE = /^[\p{L}_/][\p{L}\p{N} _./()&'+-]*$/u;

function scalarText(value: string | number | boolean | null): string {
  if (typeof value !== "string") return value === null ? "null" : String(value);
  const isSafe = SAFE.test(value) && !value.endsWith(" ") && !NEEDS_QUOTES.test(value) && typeof plain(value) === "string" && !isInexact(value);
  return isSafe ? value : JSON.stringify(value);
}

/** The name of a field. The ledger takes every plain word for the text that it is, `on` and `no` too. */
function keyText(name: string): string {
  return /^[a-z][A-Za-z0-9_-]*$/.test(name) && typeof plain(name) === "string" ? name : scalarText(name);
}

/** A value on one line. */
export function flowText(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(", ")}]`;
  if (typeof value === "object" && value !== null) return `{${Object.entries(value).map(([name, one]) => `${keyText(name)}: ${flowText(one)}`).join(", ")}}`;
  return scalarText(value);
}

const WIDE = 96;

/** Fields a line each, what fits on one; lists of parts as blocks. */
function blockText(fields: Fields, indent: string): string {
  return Object.entries(fields)
    .map(([name, value]) => `${indent}${keyText(name)}:${afterKey(value, indent)}`)
    .join("\n");
}

function afterKey(value: Value, indent: string): string {
  const line = flowText(value);
  const isParts = Array.isArray(value) && value.some((one) => typeof one === "object" && one !== null && "code" in one);
  const isFields = typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
  if (isParts) return `\n${(value as Fields[]).map((one) => itemText(one, `${indent}  `)).join("\n")}`;
  if (isFields && ("list" in value || line.length > WIDE)) return `\n${blockText(value, `${indent}  `)}`;
  return ` ${line}`;
}

function itemText(value: Value, indent: string): string {
  if (typeof value !== "object" || value === null || Array.isArray(value) || Object.keys(value).length === 0) return `${indent}- ${flowText(value)}`;
  return `${indent}- ${blockText(value, `${indent}  `).trimStart()}`;
}

// -- changing -------------------------------------------------------------------------------------------------------------

export type Change =
  | { does: "set"; path: Path; value: Value; order?: readonly string[] }
  | { does: "remove"; path: Path }
  | { does: "append"; path: Path; value: Value; order?: readonly string[] }
  | { does: "copy"; path: Path; fields: Fields }
  | { does: "move"; path: Path; by: 1 | -1 };

/**
 * The text with a change, or null where it cannot be made so that it reads back as it should: then it is changed as text.
 * `set` adds a field that is missing, after those that come before it in `order`.
 */
export function changed(text: string, changes: Change[]): string | null {
  let now = text;
  for (const one of changes) {
    const read = readText(now);
    if (read.faults.some((fault) => fault.code !== "inexact")) return null;
    const wanted = applied(read.values, one);
    const next = wanted === null ? null : spliced(read, one);
    if (next === null || !isSame(readText(next).values, wanted as Value)) return null;
    now = next;
  }
  return now;
}

export function isSame(one: Value | undefined, other: Value | undefined): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((part, at) => isSame(part, other[at]));
  if (typeof one === "object" && typeof other === "object" && one !== null && other !== null && !Array.isArray(one) && !Array.isArray(other)) {
    const names = Object.keys(one);
    return names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]));
  }
  return false;
}

/** The values, of which what stands on the way to a path is a copy: the rest is shared. */
function copiedAlong(values: Fields, path: Path): Fields {
  const copy = { ...values };
  let here: Value = copy;
  for (const step of path) {
    const inner: Value | undefined = valueAt(here, [step]);
    if (typeof inner !== "object" || inner === null) break;
    const own: Value = Array.isArray(inner) ? [...inner] : { ...inner };
    (here as Fields)[step] = own;
    here = own;
  }
  return copy;
}

/** What the values are after a change; null where it does not fit them. */
function applied(values: Fields, change: Change): Value | null {
  const copy = copiedAlong(values, change.path);
  const last = change.path.at(-1);
  if (change.does === "append") {
    const list = valueAt(copy, change.path);
    if (Array.isArray(list)) list.push(change.value);
    else if (list === undefined || list === null) return applied(values, { ...change, does: "set", value: [change.value] });
    else return null;
    return copy;
  }
  if (last === undefined) return null;
  const around = valueAt(copy, change.path.slice(0, -1));
  if (Array.isArray(around) && typeof last === "number") {
    if (change.does === "set") around[last] = change.value;
    else if (change.does === "remove") {
      around.splice(last, 1);
      if (around.length === 0 && change.path.length > 2) return applied(values, { does: "remove", path: change.path.slice(0, -1) });
    } else if (change.does === "copy") around.splice(last + 1, 0, { ...(around[last] as Fields), ...change.fields });
    else {
      const other = last + change.by;
      if (other < 0 || other >= around.length) return null;
      [around[last], around[other]] = [around[other] as Value, around[last] as Value];
    }
    return copy;
  }
  if (typeof around !== "object" || around === null || Array.isArray(around)) return null;
  if (change.does === "set") around[last] = change.value;
  else if (change.does === "remove") {
    delete around[last];
    if (Object.keys(around).length === 0 && goesToo(change.path)) return applied(values, { does: "remove", path: change.path.slice(0, -1) });
  } else return null;
  return copy;
}

/** Whether what holds nothing but this goes with it: everything but a part of one of the document's lists. */
function goesToo(path: Path): boolean {
  return path.length > 1 && (typeof path.at(-2) === "string" || path.length > 3);
}

function spliced(read: Read, change: Change): string | null {
  switch (change.does) {
    case "set":
      return set(read, change.path, change.value, change.order ?? []);
    case "remove":
      return remove(read, change.path);
    case "append":
      return append(read, change.path, change.value, change.order ?? []);
    case "copy":
      return copied(read, change.path, change.fields);
    case "move":
      return moved(read, change.path, change.by);
  }
}

function put(text: string, from: number, to: number, by: string): string {
  return text.slice(0, from) + by + text.slice(to);
}

function set(read: Read, path: Path, value: Value, order: readonly string[]): string | null {
  const node = nodeAt(read, path);
  const { text } = read;
  if (node?.range) {
    const end = ownEnd(node);
    const isBlock = (isMap(node) || isSeq(node)) && !node.flow;
    if (!isBlock) {
      const isEmpty = node.range[0] === end; // `key:` with nothing behind it
      return put(text, node.range[0], end, (isEmpty && text[node.range[0] - 1] === ":" ? " " : "") + flowText(value));
    }
    const key = keyEnd(read, path);
    return key === null ? put(text, node.range[0], end, flowText(value)) : put(text, key, end, ` ${flowText(value)}`);
  }
  return insert(read, path.slice(0, -1), String(path.at(-1)), value, order);
}

/** Where the colon behind the key of a value ends; null for what stands in a list. */
function keyEnd(read: Read, path: Path): number | null {
  const around = nodeAt(read, path.slice(0, -1));
  const pair = isMap(around) ? pairAt(around, path.at(-1) as Step) : undefined;
  const key = (pair?.key as Node | undefined)?.range?.[1];
  if (key === undefined) return null;
  const colon = read.text.indexOf(":", key);
  return colon === -1 ? null : colon + 1;
}

function insert(read: Read, path: Path, name: string, value: Value, order: readonly string[]): string | null {
  const map = path.length === 0 ? read.root : nodeAt(read, path);
  const { text } = read;
  if (path.length === 0 && map === null) return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${blockText({ [name]: value }, "")}\n`;
  if (!isMap(map) || !map.range) return null;
  const before = map.items.filter((one) => order.indexOf(keyOf(one)) !== -1 && order.indexOf(keyOf(one)) < order.indexOf(name)).at(-1);
  const anchor = order.includes(name) ? before : map.items.at(-1);
  if (map.flow) {
    if (map.items.length === 0) return put(text, map.range[0], map.range[1], `{${keyText(name)}: ${flowText(value)}}`);
    const first = map.items[0]?.key as Node;
    if (!anchor) return put(text, first.range?.[0] ?? 0, first.range?.[0] ?? 0, `${keyText(name)}: ${flowText(value)}, `);
    const end = endOfPair(anchor);
    return put(text, end, end, `, ${keyText(name)}: ${flowText(value)}`);
  }
  const start = (map.items[0]?.key as Node | undefined)?.range?.[0] ?? 0;
  const indent = " ".repeat(start - lineStart(text, start));
  const written = blockText({ [name]: value }, indent);
  if (!anchor) {
    if (path.length === 0) return put(text, start, start, `${written.trimStart()}\n`);
    return put(text, start, start, `${written.trimStart()}\n${indent}`);
  }
  const end = lineEnd(text, endOfPair(anchor));
  const gap = path.length === 0 && hasGaps(read, map) ? "\n" : "";
  return put(text, end, end, `\n${gap}${written}`);
}

function endOfPair(pair: Pair): number {
  return pair.value ? Math.max(ownEnd(pair.value as Node), ownEnd(pair.key as Node)) : ownEnd(pair.key as Node);
}

/** Whether a blank line stands between the first of what is listed. */
function hasGaps(read: Read, of: YAMLMap | YAMLSeq): boolean {
  const ends = isMap(of) ? of.items.map(endOfPair) : (of.items as Node[]).map(ownEnd);
  const starts = isMap(of) ? of.items.map((one) => (one.key as Node).range?.[0] ?? 0) : (of.items as Node[]).map((one) => one.range?.[0] ?? 0);
  return starts.some((start, at) => at > 0 && /\n[ \t]*\n/.test(read.text.slice(ends[at - 1], start)));
}

/** Whether blank lines stand between the parts of any list of the document: one that has a single part follows the others. */
function listsHaveGaps(read: Read): boolean {
  return isMap(read.root) && read.root.items.some((one) => isSeq(one.value) && !one.value.flow && hasGaps(read, one.value));
}

function remove(read: Read, path: Path): string | null {
  const around = nodeAt(read, path.slice(0, -1));
  const last = path.at(-1) as Step;
  const { text } = read;
  if (isSeq(around)) return removeItem(read, around, last as number, path);
  if (!isMap(around)) return null;
  const at = around.items.findIndex((one) => keyOf(one) === String(last));
  const pair = around.items[at];
  if (!pair) return null;
  if (around.items.length === 1) {
    if (goesToo(path)) return remove(read, path.slice(0, -1));
    return around.range ? put(text, around.range[0], ownEnd(around), "{}") : null;
  }
  const start = (pair.key as Node).range?.[0] ?? 0;
  const next = around.items[at + 1];
  const following = (next?.key as Node | undefined)?.range?.[0];
  if (around.flow) {
    if (following !== undefined) return put(text, start, following, "");
    return put(text, endOfPair(around.items[at - 1] as Pair), endOfPair(pair), "");
  }
  const line = lineStart(text, start);
  if (text.slice(line, start).trim() !== "") return following === undefined ? null : put(text, start, following, "");
  return put(text, line, Math.min(text.length, lineEnd(text, endOfPair(pair)) + 1), "");
}

/** The lines of an item of a list in blocks, with the comments that stand directly above it. */
function chunk(read: Read, list: YAMLSeq, at: number): [number, number] {
  const { text } = read;
  const node = list.items[at] as Node;
  let start = lineStart(text, text.lastIndexOf("-", (node.range?.[0] ?? 0) - 1));
  const floor = at === 0 ? lineStart(text, list.range?.[0] ?? 0) : lineEnd(text, ownEnd(list.items[at - 1] as Node)) + 1;
  const column = text.slice(start).search(/\S/);
  while (start > 0) {
    const above = lineStart(text, start - 1);
    const line = text.slice(above, start - 1);
    if (!line.trimStart().startsWith("#") || line.search(/\S/) !== column || (at > 0 && above < floor)) break;
    start = above;
  }
  return [start, lineEnd(text, ownEnd(node))];
}

function removeItem(read: Read, list: YAMLSeq, at: number, path: Path): string | null {
  const { text } = read;
  if (!list.items[at]) return null;
  if (list.items.length === 1) {
    if (path.length > 2) return remove(read, path.slice(0, -1));
    return set(read, path.slice(0, -1), [], []);
  }
  if (list.flow) {
    const nodes = list.items as Node[];
    const next = nodes[at + 1]?.range?.[0];
    if (next !== undefined) return put(text, nodes[at]?.range?.[0] ?? 0, next, "");
    return put(text, ownEnd(nodes[at - 1] as Node), ownEnd(nodes[at] as Node), "");
  }
  const [start, end] = chunk(read, list, at);
  let from = start;
  if (at > 0) while (from > 0 && text.slice(lineStart(text, from - 1), from - 1).trim() === "") from = lineStart(text, from - 1);
  let to = Math.min(text.length, end + 1);
  if (at === 0) while (to < text.length && text.slice(to, lineEnd(text, to)).trim() === "") to = lineEnd(text, to) + 1;
  return put(text, from, to, "");
}

function append(read: Read, path: Path, value: Value, order: readonly string[]): string | null {
  const list = nodeAt(read, path);
  const { text } = read;
  if (!isSeq(list) || list.items.length === 0) {
    if (path.length === 1) {
      const without = list ? removeEmpty(read, path) : text;
      return without === null ? null : insert(readText(without), [], String(path[0]), [value], order);
    }
    return set(read, path, [value], order);
  }
  const last = list.items.at(-1) as Node;
  if (list.flow) return put(text, ownEnd(last), ownEnd(last), `, ${flowText(value)}`);
  const [start, end] = chunk(read, list, list.items.length - 1);
  const indent = " ".repeat(text.slice(start).search(/\S/));
  const gap = hasGaps(read, list) || (list.items.length === 1 && listsHaveGaps(read)) ? "\n" : "";
  return put(text, end, end, `\n${gap}${itemText(value, indent)}`);
}

/** The text without an empty list, which stands nowhere but at the document's root. */
function removeEmpty(read: Read, path: Path): string | null {
  return read.root && isMap(read.root) && read.root.items.length > 1 ? remove(read, path) : null;
}

function copied(read: Read, path: Path, fields: Fields): string | null {
  const list = nodeAt(read, path.slice(0, -1));
  const at = path.at(-1) as number;
  const { text } = read;
  if (!isSeq(list)) return null;
  const node = list.items[at] as Node;
  let again = text;
  if (list.flow) {
    const own = text.slice(node.range?.[0], ownEnd(node));
    again = put(text, ownEnd(node), ownEnd(node), `, ${own}`);
  } else {
    const end = chunk(read, list, at)[1];
    const own = lineStart(text, text.lastIndexOf("-", (node.range?.[0] ?? 0) - 1));
    again = put(text, end, end, `\n${hasGaps(read, list) ? "\n" : ""}${text.slice(own, end)}`);
  }
  for (const [name, value] of Object.entries(fields)) {
    // Two parts of one code are no fault of the text: only the ledger minds.
    const next = set(readText(again), [...path.slice(0, -1), at + 1, name], value, []);
    if (next === null) return null;
    again = next;
  }
  return again;
}

function moved(read: Read, path: Path, by: 1 | -1): string | null {
  const list = nodeAt(read, path.slice(0, -1));
  const at = path.at(-1) as number;
  const first = Math.min(at, at + by);
  const { text } = read;
  if (!isSeq(list) || first < 0 || first + 1 >= list.items.length) return null;
  const spans = [first, first + 1].map((one): [number, number] => {
    const node = list.items[one] as Node;
    return list.flow ? [node.range?.[0] ?? 0, ownEnd(node)] : chunk(read, list, one);
  });
  const [[a, b], [c, d]] = spans as [[number, number], [number, number]];
  return text.slice(0, a) + text.slice(c, d) + text.slice(b, c) + text.slice(a, b) + text.slice(d);
}

