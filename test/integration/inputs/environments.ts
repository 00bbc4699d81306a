/** Variables that cargo builds by, each with the fact of the program that it decides. */
import type { Project } from "../project.js";

export interface Environment {
  readonly name: string;
  readonly fact: string;
  /** The variables that give the fact a value. */
  readonly variables: (project: Project, value: string) => NodeJS.ProcessEnv;
  /** One after the other. */
  readonly values: readonly string[];
}

/** A variable of this name; `none`: unset. */
const variable =
  (name: string): Environment["variables"] =>
  (_, value) =>
    value === "none" ? {} : { [name]: value };

export const ENVIRONMENTS: readonly Environment[] = [
  { name: "a crate's", fact: "option", variables: variable("APP_OPTION"), values: ["1", "none"] },
  { name: "a dependency's", fact: "registryOption", variables: variable("REG_OPTION"), values: ["1", "none"] },
  {
    name: "one of a dependency's build script",
    fact: "registryVariable",
    variables: variable("REG_VARIABLE"),
    values: ["1", "none"],
  },
  {
    name: "a procedural macro's",
    fact: "macroOption",
    variables: variable("MACRO_OPTION"),
    values: ["1", "none"],
  },
  {
    name: "one that a build script is compiled with",
    fact: "scriptOption",
    variables: variable("SCRIPT_OPTION"),
    values: ["1", "none"],
  },
  {
    name: "one that the configuration sets as well",
    fact: "config",
    variables: variable("IN_CONFIG"),
    values: ["mine", "mine too"].map((text) => text.replace(" ", "-")),
  },
  {
    name: "flags, and back",
    fact: "flagged",
    variables: (_, value) => (value === "on" ? { RUSTFLAGS: "--cfg=flagged" } : { RUSTFLAGS: "" }),
    values: ["on", "off", "on"],
  },
  {
    name: "cargo's folder with its configuration, and back",
    fact: "home",
    variables: (project, value) => {
      project.write(`home-${value}/config.toml`, `[env]\nIN_HOME = "${value}"\n`);
      return { CARGO_HOME: project.path(`home-${value}`) };
    },
    values: ["1", "2", "1"],
  },
  {
    name: "link-time optimisation, and back",
    fact: "assertions",
    variables: (_, value) => ({
      CARGO_PROFILE_DEV_LTO: "fat",
      CARGO_PROFILE_DEV_DEBUG_ASSERTIONS: String(value === "on"),
    }),
    values: ["on", "off"],
  },
];
