/** The frames of the Debug Adapter Protocol, and its messages as they pass through. */
import type { DebugProtocol } from "@vscode/debugprotocol";

/** What requests, responses and events have in common, and what one of them has; what they carry is looked at where it is used. */
export type DapMessage = Readonly<
  DebugProtocol.ProtocolMessage &
    Partial<
      Pick<DebugProtocol.Request, "command"> &
        Pick<DebugProtocol.Event, "event"> &
        Pick<DebugProtocol.Response, "request_seq" | "success" | "message">
    >
> & { readonly arguments?: unknown; readonly body?: unknown };

export function encodeMessage(message: DapMessage): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
}

/** Puts messages together from a stream of bytes. */
export class MessageReader {
  private buffered = Buffer.alloc(0);

  /** The messages that `bytes` completes. Throws when it is no such stream. */
  push(bytes: Uint8Array): DapMessage[] {
    this.buffered = Buffer.concat([this.buffered, bytes]);
    const messages: DapMessage[] = [];
    for (;;) {
      const end = this.buffered.indexOf("\r\n\r\n");
      if (end < 0) return messages;
      const length = /^content-length: *(\d+)\s*$/im.exec(this.buffered.toString("latin1", 0, end))?.[1];
      if (length === undefined) throw new Error("the debug adapter's output is not that of a debug adapter");
      const start = end + 4;
      const next = start + Number(length);
      if (this.buffered.length < next) return messages;
      messages.push(JSON.parse(this.buffered.toString("utf8", start, next)) as DapMessage);
      this.buffered = this.buffered.subarray(next);
    }
  }
}
