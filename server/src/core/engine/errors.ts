/** What the engine says no to, and that there is none. */
import { Unsupported } from "../support/errors.js";

/** The engine refused a request; `kind` is its own word for the reason. */
export class EngineError extends Error {
  constructor(
    message: string,
    readonly kind: string,
    /** What else the engine has to say, by kind. */
    readonly details?: unknown,
  ) {
    super(message);
    this.name = "EngineError";
  }
}

/** The engine's daemon cannot be started, or ends as soon as it is asked something. */
export class EngineUnavailable extends Unsupported {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EngineUnavailable";
  }
}
