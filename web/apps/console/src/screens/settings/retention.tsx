// How long each class of data is kept, and why. It is set by a command: letting data go for good is nobody's slip of the mouse.
import { api, got, type Schemas } from "@jifen/api";
import { Bars, type Column, Count, Empty, Section, Shown, Table, useAsked, useFrame, useSay } from "@jifen/ui";

type Row = Schemas["RetentionRow"];

export function Retention() {
  const say = useSay();
  const { language } = useFrame();
  const asked = useAsked(`retention ${language}`, () => got(api.GET("/v1/retention", { params: { query: { language } } })));
  const columns: Column<Row>[] = [
    { id: "name", head: say("retention.class"), phone: "name", cell: (one) => one.name },
    { id: "days", head: say("retention.days"), phone: "figure", isNumber: true, cell: (one) => (one.days === null ? say("retention.for_good") : <Count of={one.days} />) },
    { id: "due", head: say("retention.due"), phone: "aside", isNumber: true, cell: (one) => <Count of={one.due} /> },
    { id: "why", head: say("retention.why"), phone: "more", width: "fill", cell: (one) => <span className="small">{one.why}</span> },
  ];
  return (
    <Section title={say("retention.title")} aside={say("retention.kept")}>
      <Shown asked={asked} loading={<Bars lines={5} />}>
        {(found) => <Table label={say("retention.title")} columns={columns} rows={found.data} rowKey={(one) => one.class} empty={<Empty title={say("retention.title")}>{say("retention.kept")}</Empty>} />}
      </Shown>
      <p className="small soft">{say("retention.how")} <code>jifen retention set notes 730</code></p>
    </Section>
  );
}
