import { Instant, Said } from "@jifen/ui";

/** "as of": the moment of the last answer, by this phone's clock. */
export function AsOf({ at }: { at: number }) {
  return <Said id="app.as_of" with={{ at: <Instant at={new Date(at).toISOString()} style="short" clock="machine" /> }} />;
}
