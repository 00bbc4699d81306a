/** The text of a generated module: kits of some functions each, in the shapes that real crates are made of. */

/** Instances of what a kit has for a type: as in real programs, most functions are instances of generic ones. */
const INSTANCES = [1, 2, 3, 5];

/** Functions of a kit as compiled: seven for each instance, closures among them, and three for all. */
export const KIT_FUNCTIONS = 7 * INSTANCES.length + 3;

/** A number that depends on nothing but `seed`: splitmix64, cut to what is exact in JavaScript and a literal in Rust. */
function mixed(seed: number): number {
  let state = (BigInt(seed) + 1n) * 0x9e3779b97f4a7c15n;
  state = ((state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
  return Number((state ^ (state >> 27n)) & 0xffffffffn);
}

/** `number`: among all of the workspace, so that no two kits have the same content. */
function kit(number: number, hasTraits: boolean): string {
  const constant = (index: number): string => `0x${mixed(number * 16 + index).toString(16)}`;
  const table = Array.from({ length: 4 }, (_, index) => constant(8 + index)).join(", ");
  const derived = hasTraits ? "#[derive(Clone, Debug, PartialEq)]" : "#[derive(Clone, Copy)]";
  return `
${derived}
pub enum Kind${number} {
    Plain,
    Sized(u32),
    Pair { left: u32, right: u32 },
}

${derived}
pub struct Item${number}<const SALT: u64> {
    pub weight: u64,
    pub count: u32,
    pub kind: Kind${number},
}

impl<const SALT: u64> Item${number}<SALT> {
    pub fn new(seed: u64) -> Self {
        let kind = match seed % 3 {
            0 => Kind${number}::Plain,
            1 => Kind${number}::Sized(seed as u32 & 0xffff),
            _ => Kind${number}::Pair { left: seed as u32, right: (seed >> 32) as u32 },
        };
        Self { weight: seed.rotate_left(${(number % 63) + 1}) ^ ${constant(0)}, count: (seed % 97) as u32, kind }
    }

    pub fn weight(&self) -> u64 {
        let kind = match &self.kind {
            Kind${number}::Plain => ${constant(1)},
            Kind${number}::Sized(size) => *size as u64 * SALT,
            Kind${number}::Pair { left, right } if left > right => (left - right) as u64,
            Kind${number}::Pair { left, right } => *left as u64 + *right as u64,
        };
        self.weight.wrapping_mul(${constant(2)} | 1).wrapping_add(kind)
    }
}

impl<const SALT: u64> Step for Item${number}<SALT> {
    fn step(&mut self, by: u64) -> u64 {
        self.count = self.count.wrapping_add(by as u32);
        self.weight ^= by.wrapping_mul(${constant(3)} + SALT);
        if self.count % 2 == 0 { self.weight() } else { self.weight }
    }

    fn name(&self) -> &'static str {
        "item ${number}"
    }
}

pub fn table${number}(index: u64) -> u64 {
    const TABLE: [u64; 4] = [${table}];
    TABLE[(index % 4) as usize]
}

pub fn largest${number}<T: Copy + PartialOrd>(values: &[T], least: T) -> T {
    let mut largest = least;
    let mut index = 0;
    while index < values.len() {
        if values[index] > largest {
            largest = values[index];
        }
        index += 1;
    }
    largest
}

pub fn apply${number}(seed: u64, change: impl Fn(u64) -> u64) -> u64 {
    if seed % 5 == 0 { change(seed) } else { change(change(seed)) }
}

pub fn check${number}<const SALT: u64>(seed: u64) -> u64 {
    let mut item = Item${number}::<SALT>::new(seed ^ ${constant(4)});
    let weight = item.weight();
    let step: &mut dyn Step = &mut item;
    let stepped = step.step(seed) ^ step.name().len() as u64;
    let small = largest${number}(&[seed as u32, ${constant(5)}], 7);
    let large = largest${number}(&[weight, stepped, table${number}(seed)], 0);
    apply${number}(large, |value| value.rotate_right(7) ^ weight ^ small as u64 ^ SALT)
}
`;
}

/** Calls of all instances of a kit. */
function checks(number: number): string[] {
  return INSTANCES.map((salt) => `    sum = sum.rotate_left(1) ^ check${number}::<${salt}>(sum);\n`);
}

export interface ModuleText {
  /** Of the first kit. */
  readonly first: number;
  readonly kits: number;
  /** The crate that it calls into, if there is one below. */
  readonly below: string | undefined;
  /** Has the function and the constant that are edited. */
  readonly isEdited: boolean;
}

/** What is edited: the body of a function, and the initial value of a constant, each there exactly once. */
export const EDITED_BODY = "seed.wrapping_add(0)";
export const EDITED_ITEM = "const MARK: u64 = 0;";

export function moduleText({ first, kits, below, isEdited }: ModuleText): string {
  const numbers = Array.from({ length: kits }, (_, index) => first + index);
  const called = below === undefined ? "" : `    sum = sum.rotate_left(1) ^ ${below}::entry(sum);\n`;
  const edited = `
${EDITED_ITEM}

/// What an edit of this body, or of the constant, changes in the output.
pub fn mark(seed: u64) -> u64 {
    ${EDITED_BODY} ^ MARK
}
`;
  return `use base::Step;
${numbers.map((number) => kit(number, number % 10 === 0)).join("")}${isEdited ? edited : ""}
/// Runs every function of this module.
pub fn run(seed: u64) -> u64 {
    let mut sum = seed;
${called}${numbers.flatMap(checks).join("")}    sum
}

#[cfg(test)]
mod tests {
    #[test]
    fn runs_alike() {
        assert_eq!(super::run(1), super::run(1));
    }
}
`;
}
