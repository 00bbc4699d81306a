/** Passes on what cargo says during a capture, unit by unit and in its order, although it comes in two streams. */
import { stripVTControlCharacters } from "node:util";
import type { Diagnostic } from "../../../../shared/src/report.js";
import type { Message, Metadata } from "./cargo.js";
import { HARNESS_MARK } from "./shims.js";
import type { UnitMessages } from "../units/unitMessages.js";
import type { UnitName } from "../units/unitMessages.js";

type OfUnit = Extract<Message, { reason: "compiler-artifact" | "compiler-message" }>;

export interface MessageListener {
  /** `isFresh`: it was not compiled, and cargo says again what it said when it was. */
  readonly messagesOf: (unit: UnitName | undefined, isFresh: boolean) => UnitMessages;
  /** Whether units that are fresh are none of the user's concern: then warnings wait until it is known which ones are. */
  readonly isNews: boolean;
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

/** A unit that has said something and is not done. */
interface OpenUnit {
  readonly name: UnitName;
  /** What waits until it is known whether the unit is fresh. */
  readonly waiting: Diagnostic[];
  /** Undefined as long as that is not known. */
  messages: UnitMessages | undefined;
}

export class CargoMessages {
  private readonly open = new Map<string, OpenUnit>();
  /** Lines of cargo's about a failure, which come after what rustc says of it. */
  private readonly held: string[] = [];

  constructor(
    private readonly metadata: Metadata,
    private readonly listener: MessageListener,
  ) {}

  message(message: Message): void {
    if (message.reason === "compiler-message") {
      const name = unitName(message, this.metadata);
      const key = JSON.stringify(name);
      const unit: OpenUnit = this.open.get(key) ?? { name, waiting: [], messages: undefined };
      this.open.set(key, unit);
      unit.waiting.push(message.message);
      // What does not compile is not fresh.
      if (!this.listener.isNews || unit.messages !== undefined || message.message.level !== "warning")
        this.tell(unit, false);
    } else if (message.reason === "compiler-artifact") {
      const key = JSON.stringify(unitName(message, this.metadata));
      const unit = this.open.get(key);
      if (unit !== undefined) this.tell(unit, message.fresh).finished();
      this.open.delete(key);
    }
  }

  private tell(unit: OpenUnit, isFresh: boolean): UnitMessages {
    unit.messages ??= this.listener.messagesOf(unit.name, isFresh);
    for (const diagnostic of unit.waiting.splice(0)) unit.messages.add(diagnostic);
    return unit.messages;
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
    for (const unit of this.open.values()) this.tell(unit, false).finished();
    for (const line of this.held) this.listener.onProgress(line);
  }
}
