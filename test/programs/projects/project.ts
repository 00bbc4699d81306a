/** What there is to know of a project: where its sources are, what its program is given to do, where it is edited. */

/** One start of the program. */
export interface Step {
  readonly args: readonly string[];
  readonly stdin?: string;
  /** Relative to the play folder. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** It is to end with another exit code than 0, natively as well. */
  readonly fails?: boolean;
  /** The order of its lines is left to chance, as of threads that write while they search. */
  readonly isUnordered?: boolean;
}

/** What the program is given to do: the same in each run, in a new folder that always has the same path. */
export interface Work {
  /** Fills the play folder with what the steps need. */
  readonly prepare?: (play: string) => Promise<void>;
  readonly steps: readonly Step[];
  /** For all steps; the play folder is the home folder in any case. */
  readonly env?: (play: string) => Readonly<Record<string, string>>;
  /** Takes out of an output what differs between two native runs as well. */
  readonly normalise?: (text: string) => string;
  /** Files below the play folder whose bytes differ between two native runs as well, by their relative path. */
  readonly changing?: RegExp;
}

/** Where the program is edited. */
export interface EditPlace {
  /** Relative to the package's folder. */
  readonly file: string;
  /** The beginning of a function's body, up to where a statement can stand. It is in the file exactly once. */
  readonly behind: string;
  /** A statement that prints an expression of the type `&str` or `String`; `println!` if it is not given. */
  readonly print?: (expression: string) => string;
  /** The step that runs the function. */
  readonly step: Step;
}

export interface Project {
  readonly name: string;
  /** Of the package; "fixture" for a program of this repository. */
  readonly version: string;
  /** Brings the sources to disk and gives the folder: not to be written to. */
  readonly sources: () => Promise<string>;
  /** As cargo is told what to build: one program. */
  readonly selection: readonly string[];
  readonly program: string;
  /** Additional environment of both builds. */
  readonly env?: Readonly<Record<string, string>>;
  readonly work: Work;
  readonly edit: EditPlace;
}
