/** Numbers of ELF that more than one file here reads or writes. Source: System V ABI, chapter 4. */

/** Types of sections. */
export const SHT_SYMTAB = 2;
export const SHT_DYNSYM = 11;

/** Bytes of a symbol. */
export const SYMBOL_SIZE = 24;

/** Types of symbols. */
export const STT_NOTYPE = 0;
export const STT_OBJECT = 1;
export const STT_FUNC = 2;
