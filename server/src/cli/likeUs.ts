/** Whether another process would do the same as this one: it sees the same files, may do as much, and is given as much. */
import * as fs from "node:fs";

/** Of `/proc/PID/status`. */
const STATUS = /^(?:Umask|Uid|Gid|Groups|CapPrm|CapEff|CapBnd|NoNewPrivs|Seccomp|Cpus_allowed|Mems_allowed):.*$/gm;

const NAMESPACES = ["mnt", "pid", "net", "user", "ipc", "uts"];

/** Node raises its own, and gives compilers what it has been given. */
const NOT_ASKED = /^Max open files .*$/m;

/** Of the fields of `/proc/PID/stat` behind the command's name, the one that is the process's niceness (`proc(5)`: the 19th of all). */
const NICENESS = 16;

/** What decides about that of a process; undefined where it cannot be told, as of another user's. */
function situationOf(pid: number | "self"): string | undefined {
  const folder = `/proc/${pid}`;
  const read = (name: string): string => fs.readFileSync(`${folder}/${name}`, "utf8");
  try {
    const status = read("status").match(STATUS) ?? [];
    const stat = read("stat");
    const fields = stat.slice(stat.lastIndexOf(")") + 2);
    const limits = read("limits").replace(NOT_ASKED, "");
    const namespaces = NAMESPACES.map((name) => fs.readlinkSync(`${folder}/ns/${name}`));
    const places = [fs.readlinkSync(`${folder}/root`), ...namespaces];
    return JSON.stringify([...status, fields.split(" ")[NICENESS], limits, ...places]);
  } catch {
    return undefined;
  }
}

export function isLikeUs(pid: number): boolean {
  const own = situationOf("self");
  return own !== undefined && own === situationOf(pid);
}
