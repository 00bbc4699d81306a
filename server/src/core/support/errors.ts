/** Errors that carry a text for the user. */

/** What Cranefly cannot do here, although cargo might: the reason for falling back to plain cargo. */
export class Unsupported extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Unsupported";
  }
}

/** A newer save overtook this work. */
export class Cancelled extends Error {
  constructor() {
    super("overtaken by a newer change");
    this.name = "Cancelled";
  }
}

/** cargo has to be asked, by a process that may not do that. */
export class NeedsCargo extends Cancelled {
  constructor() {
    super();
    this.name = "NeedsCargo";
  }
}

/** Whatever was thrown, as an error. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
