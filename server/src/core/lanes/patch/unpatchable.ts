/** A function that has no form in a patch crate; the message says why. */
export class Unpatchable extends Error {}
