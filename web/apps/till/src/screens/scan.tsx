// The camera, until it has read a code. What it sees stays in this page: no picture is kept or sent.
import { Asking, useSay } from "@jifen/ui";
import type { Key } from "@jifen/words";
import { useEffect, useRef, useState } from "react";
import { Press, Say } from "../parts.tsx";

const LOOKS_EVERY_MS = 120;
const WIDEST = 960;
const WHY: Record<string, Key> = { NotAllowedError: "till.scan.denied", NotFoundError: "till.scan.none", NotReadableError: "till.scan.taken", OverconstrainedError: "till.scan.none" };

/** Whether there is a camera to ask for: browsers lend it over HTTPS, or on this very machine. */
export function canScan(): boolean {
  return typeof navigator.mediaDevices?.getUserMedia === "function";
}

export function Scan({ onCode, onClose }: { onCode: (text: string) => void; onClose: () => void }) {
  const say = useSay();
  const video = useRef<HTMLVideoElement>(null);
  const [why, setWhy] = useState<Key | null>(null);
  const [isOn, setOn] = useState(false);
  const told = useRef(onCode);
  told.current = onCode;
  useEffect(() => {
    let isOver = false;
    let stream: MediaStream | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const begin = async () => {
      // The reader is fetched while somebody is asked whether the camera may be used.
      const [reader, lent] = await Promise.all([
        import("../scanner.ts"),
        navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } } }),
      ]);
      stream = lent;
      const shown = video.current;
      if (isOver || !shown || !pen) {
        stop();
        return;
      }
      shown.srcObject = stream;
      await shown.play();
      setOn(true);
      const look = async () => {
        if (isOver) return;
        const scale = Math.min(1, WIDEST / (shown.videoWidth || WIDEST));
        const [width, height] = [Math.round(shown.videoWidth * scale), Math.round(shown.videoHeight * scale)];
        if (width > 0 && height > 0) {
          canvas.width = width;
          canvas.height = height;
          pen.drawImage(shown, 0, 0, width, height);
          const text = await reader.codeIn(pen.getImageData(0, 0, width, height));
          if (isOver) return;
          if (text !== null) {
            told.current(text);
            return;
          }
        }
        timer = setTimeout(() => void look().catch(broken), LOOKS_EVERY_MS);
      };
      await look();
    };
    const broken = (failure: unknown) => {
      if (!isOver) setWhy(WHY[failure instanceof DOMException ? failure.name : ""] ?? "till.scan.broken");
      stop();
    };
    const stop = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    begin().catch(broken);
    return () => {
      isOver = true;
      clearTimeout(timer);
      stop();
    };
  }, []);
  return (
    <Asking title={say("till.scan.title")} onClose={onClose}>
      {why ? <Say tone="warn" icon="warn">{say(why)}</Say> : <p className="soft">{say(isOn ? "till.scan.hold" : "till.scan.wait")}</p>}
      <video ref={video} className="viewfinder" muted playsInline aria-label={say("till.scan.title")} hidden={why !== null} />
      <div className="presses"><Press onPress={onClose} hint="Esc">{say("do.close")}</Press></div>
    </Asking>
  );
}
