/** Errors that carry a text for the user. */

/** The sources (or cargo's own checks) failed: rustc or cargo has said why, and cargo would fail as well. */
export class BuildFailed extends Error {
  constructor(
    message: string,
    readonly exitCode = 101,
  ) {
    super(message);
    this.name = "BuildFailed";
  }
}

/** What Cranefly cannot do here, although cargo might: the reason for falling back to plain cargo. */
export class Unsupported extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Unsupported";
  }
}

/** The engine's daemon cannot be started, or ends as soon as it is asked something. */
export class EngineUnavailable extends Unsupported {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EngineUnavailable";
  }
}

/** Units' records are gone or of another version of Cranefly: they have to be compiled through cargo again. */
export class MissingUnit extends Unsupported {
  constructor(readonly keys: readonly string[]) {
    super(`the record of unit ${keys.join(", ")} is missing`);
    this.name = "MissingUnit";
  }
}

/** Libraries that have to be compiled to bitcode, as crates of the workspace are, and were compiled natively. */
export class CompiledNatively extends Unsupported {
  constructor(
    readonly libraries: readonly string[],
    message: string,
  ) {
    super(message);
    this.name = "CompiledNatively";
  }
}

/** What cargo takes for fresh is not what is known of it: everything has to be built anew. */
export class LostBuild extends Unsupported {
  constructor(message: string) {
    super(message);
    this.name = "LostBuild";
  }
}

/** A newer save overtook this work. */
export class Cancelled extends Error {
  constructor() {
    super("overtaken by a newer change");
    this.name = "Cancelled";
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
