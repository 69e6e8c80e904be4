// Reads codes from pictures. Loaded when somebody asks for the camera; its machine code comes from this server, never from elsewhere.
import wasm from "zxing-wasm/reader/zxing_reader.wasm?url";
import { prepareZXingModule, readBarcodes, type ReaderOptions } from "zxing-wasm/reader";

prepareZXingModule({ overrides: { locateFile: (path: string) => (path.endsWith(".wasm") ? wasm : path) } });

/** What a card, a phone or a receipt shows. */
const WANTED: ReaderOptions = { formats: ["QRCode", "Code128", "Code39", "EAN13", "EAN8", "UPCA", "ITF"], tryHarder: true, maxNumberOfSymbols: 1 };

/** The text of the code in a picture; null: there is none that can be read. */
export async function codeIn(picture: ImageData): Promise<string | null> {
  const [found] = await readBarcodes(picture, WANTED);
  return found?.isValid && found.text !== "" ? found.text : null;
}
