// Programmes to start from: each with a picture and three sentences. The picture is drawn from the tokens of the house.
import { api, got, type Schemas } from "@jifen/api";
import { Shown, useAsked, useFrame, useSay } from "@jifen/ui";
import type { ReactNode } from "react";

type Template = Schemas["TemplateAnswer"];

/** What is drawn for each trade, on a field of 96 by 64. */
const PICTURES: Record<string, ReactNode> = {
  "coffee-chain": (
    <>
      <path className="pic-soft" d="M26 26h36v14a14 14 0 0 1-14 14h-8a14 14 0 0 1-14-14z" />
      <path className="pic-line" d="M62 30h6a6 6 0 0 1 0 12h-6M34 20q-4-4 0-8M46 20q-4-4 0-8" />
      <path className="pic-full" d="m44 32 2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.7-5 2.7 1.1-5.5L36 37.7l5.6-.7z" />
    </>
  ),
  "convenience-store": (
    <>
      <path className="pic-soft" d="M18 26h60v28H18z" />
      <path className="pic-full" d="M14 14h68l4 12H10z" />
      <path className="pic-line" d="M42 54V36h14v18M26 34h8v8h-8zM64 34h8v8h-8z" />
    </>
  ),
  "corner-shop": (
    <>
      <path className="pic-soft" d="M24 28h48v26H24z" />
      <path className="pic-full" d="M48 8 18 28h60z" />
      <path className="pic-line" d="M42 54V38h12v16" />
    </>
  ),
  grocer: (
    <>
      <path className="pic-soft" d="M22 30h52l-6 24H28z" />
      <path className="pic-line" d="M34 30 42 12M62 30 54 12M36 38v10M48 38v10M60 38v10" />
    </>
  ),
  "online-shop": (
    <>
      <path className="pic-soft" d="M20 14h56v34H20z" />
      <path className="pic-line" d="M36 56h24M48 48v8" />
      <path className="pic-full" d="M30 40h8v-6h-8zM42 40h8V28h-8zM54 40h8V22h-8z" />
    </>
  ),
  pharmacy: (
    <>
      <path className="pic-soft" d="M22 10h52v44H22z" />
      <path className="pic-full" d="M43 18h10v9h9v10h-9v9H43v-9h-9V27h9z" />
    </>
  ),
  restaurant: (
    <>
      <circle className="pic-soft" cx="48" cy="32" r="20" />
      <circle className="pic-line" cx="48" cy="32" r="11" />
      <path className="pic-line" d="M18 12v14M23 12v14M18 26h5M20.5 26v26M76 12q-6 8 0 18v22" />
    </>
  ),
  runners: (
    <>
      <path className="pic-soft" d="M8 54q20-26 40-18t40-22v40z" />
      <path className="pic-line" d="M8 54q20-26 40-18t40-22" />
      <circle className="pic-full" cx="52" cy="18" r="5" />
      <path className="pic-line" d="m50 25-8 8 8 4-4 9M50 27l8 5" />
    </>
  ),
  supermarket: (
    <>
      <path className="pic-soft" d="M26 22h50l-6 20H32z" />
      <path className="pic-line" d="M14 12h8l10 32h38" />
      <circle className="pic-full" cx="38" cy="52" r="4" />
      <circle className="pic-full" cx="64" cy="52" r="4" />
    </>
  ),
};

function Picture({ name }: { name: string }) {
  return (
    <svg className="template-picture" viewBox="0 0 96 64" width="96" height="64" aria-hidden="true" focusable="false">
      {PICTURES[name] ?? PICTURES["corner-shop"]}
    </svg>
  );
}

/** The templates to choose from. `onChoose` is given the text of the one that is chosen. */
export function Templates({ onChoose }: { onChoose: (text: string) => void }) {
  const { language } = useFrame();
  const asked = useAsked(`templates ${language}`, () => got(api.GET("/v1/program/templates", { params: { query: { language } } })));
  return <Shown asked={asked}>{(found) => <ul className="templates">{found.data.map((one) => <Chosen key={one.name} template={one} onChoose={onChoose} />)}</ul>}</Shown>;
}

function Chosen({ template, onChoose }: { template: Template; onChoose: (text: string) => void }) {
  const say = useSay();
  const choose = async () => onChoose((await got(api.GET("/v1/program/templates/{name}", { params: { path: { name: template.name } } }))).text);
  return (
    <li className="template">
      <Picture name={template.name} />
      <div className="stack">
        <b>{template.title}</b>
        {template.sentences.map((one, at) => <p key={at} className="small">{one}</p>)}
        <p className="small soft">{say("designer.template_holds", { rules: template.rules, tests: template.tests })}</p>
        <button type="button" className="button" aria-label={say("designer.template_open_named", { name: template.title })} onClick={() => void choose()}>{say("designer.template_open")}</button>
      </div>
    </li>
  );
}
