/** An image has room for what a program's assembly reserves, for all of its constructors, and for functions and names of any size. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project } from "./project.js";

interface Sizes {
  readonly constructors: number;
  readonly zeros: number;
  readonly threadLocals: number;
}

const source = ({ constructors, zeros, threadLocals }: Sizes): string => `
use std::sync::atomic::{AtomicUsize, Ordering};
static STARTS: AtomicUsize = AtomicUsize::new(0);
#[unsafe(no_mangle)] extern "C" fn count_start() { STARTS.fetch_add(1, Ordering::Relaxed); }
std::arch::global_asm!(
    ".section .init_array,\\"aw\\",@init_array", ".rept ${constructors}", ".quad count_start", ".endr",
    ".bss", ".balign 16", ".globl asm_zeros", "asm_zeros: .zero ${zeros}",
    ".section .tbss,\\"awT\\",@nobits", ".balign 16", "asm_locals: .zero ${threadLocals}",
    ".text", ".globl asm_local", "asm_local: mov %fs:0, %rax", "add asm_locals@gottpoff(%rip), %rax", "ret",
    options(att_syntax)
);
unsafe extern "C" { static mut asm_zeros: [u8; ${zeros}]; fn asm_local() -> *mut u8; }
fn ends(start: *mut u8, size: usize) -> (u8, u8) {
    unsafe { let before = (*start, *start.add(size - 1)); start.write(1); start.add(size - 1).write(2); assert_eq!(before, (0, 0)); (*start, *start.add(size - 1)) }
}
fn main() {
    println!("{} {:?}", STARTS.load(Ordering::Relaxed), ends(&raw mut asm_zeros as *mut u8, ${zeros}));
    let local = || ends(unsafe { asm_local() }, ${threadLocals});
    println!("{:?} {:?}", local(), std::thread::spawn(local).join().unwrap());
}
`;

describe.skipIf(!HAS_ENGINE)("a program that needs much room", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("room", {
      "Cargo.toml": '[package]\nname = "room"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n',
      "src/main.rs": "",
    });
  });
  afterAll(() => project.remove());

  const KIB = 1 << 10;
  const MIB = 1 << 20;
  it.each<Sizes>([
    { constructors: 8191, zeros: MIB, threadLocals: 4 * KIB },
    { constructors: 8192, zeros: MIB + 1, threadLocals: 4 * KIB + 1 },
    { constructors: 50_000, zeros: 1536 * MIB, threadLocals: 256 * KIB },
  ])("has it: %o", (sizes) => {
    project.write("src/main.rs", source(sizes));
    const native = project.cargo(["run", "-q"]);
    expect(native.code).toBe(0);
    expect(native.stdout).toContain(`${sizes.constructors} (1, 2)\n(1, 2) (1, 2)`);
    expect(project.cranefly(["run", "-q"])).toEqual(native);
  });

  it("has it for a large function, for many, for long names and for many statics", () => {
    const numbers = Array.from({ length: 3000 }, (_, number) => number);
    const name = "long_".repeat(20_000);
    const many = (edit: number): string => `
      #[unsafe(export_name = "${name}")] extern "C" fn named() -> u64 { ${edit} }
      #[inline(never)] fn large(of: u64) -> u64 { match of { ${numbers.map((it) => `${it * 7} => of * ${it % 9} + small_${it}(of),`).join("\n")} _ => 1 } }
      ${numbers.map((it) => `static S_${it}: [u64; ${(it % 40) + 1}] = [${it}; ${(it % 40) + 1}]; #[inline(never)] fn small_${it}(of: u64) -> u64 { of + S_${it}[0] }`).join("\n")}
      fn main() { println!("{} {}", named(), (0..21_000).map(large).sum::<u64>()); }`;
    for (const edit of [1, 2]) {
      project.write("src/main.rs", many(edit));
      const native = project.cargo(["run", "-q"]);
      expect(native.stdout).toMatch(new RegExp(`^${edit} `));
      expect(project.cranefly(["run", "-q"])).toEqual(native);
    }
  });

  it("is run by cargo where that is more than code reaches", () => {
    project.write("src/main.rs", source({ constructors: 1, zeros: 2300 * MIB, threadLocals: KIB }));
    const ours = project.cranefly(["run", "-q"]);
    expect(ours.stderr).toContain("cranefly: the program is too large: ");
    expect(ours.stderr).toContain("for variables, and there can be 2.0 GB");
    expect(ours.code).toBe(project.cargo(["run", "-q"]).code);
  });
});
