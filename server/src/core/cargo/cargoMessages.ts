/** Passes on what cargo says during a capture, unit by unit and in its order, although it comes in two streams. */
import { stripVTControlCharacters } from "node:util";
import type { Message, Metadata } from "./cargo.js";
import { HARNESS_MARK } from "./shims.js";
import type { UnitMessages } from "../units/unitMessages.js";
import type { UnitName } from "../units/unitMessages.js";

type OfUnit = Extract<Message, { reason: "compiler-artifact" | "compiler-message" }>;

export interface MessageListener {
  readonly messagesOf: (unit: UnitName | undefined) => UnitMessages;
  /** cargo's own lines. */
  readonly onProgress: (line: string) => void;
}

/** How cargo names the unit that a message is about. */
export function unitName(message: OfUnit, metadata: Metadata): UnitName {
  const owner = metadata.packages.find((item) => item.id === message.package_id);
  const { kind, name } = message.target;
  const isTest = message.reason === "compiler-artifact" ? message.profile.test : message.message[HARNESS_MARK] === true;
  return { package: owner?.name ?? "", kind, name, isTest, isLocal: owner?.source === null };
}

export class CargoMessages {
  /** Units that have said something and are not done, by name. */
  private readonly open = new Map<string, UnitMessages>();
  /** Lines of cargo's about a failure, which come after what rustc says of it. */
  private readonly held: string[] = [];

  constructor(
    private readonly metadata: Metadata,
    private readonly listener: MessageListener,
  ) {}

  message(message: Message): void {
    if (message.reason === "compiler-message") {
      const unit = unitName(message, this.metadata);
      const key = JSON.stringify(unit);
      const messages = this.open.get(key) ?? this.listener.messagesOf(unit);
      this.open.set(key, messages);
      messages.add(message.message);
    } else if (message.reason === "compiler-artifact") {
      const key = JSON.stringify(unitName(message, this.metadata));
      this.open.get(key)?.finished();
      this.open.delete(key);
    }
  }

  readonly line = (line: string): void => {
    if (this.held.length > 0 || stripVTControlCharacters(line).startsWith("error: could not compile ")) {
      this.held.push(line);
    } else {
      this.listener.onProgress(line);
    }
  };

  /** cargo has ended. */
  end(): void {
    for (const messages of this.open.values()) messages.finished();
    for (const line of this.held) this.listener.onProgress(line);
  }
}
