/** Text of which only the beginning and the end are kept when there is too much of it. */
export class BoundedText {
  private head = "";
  private readonly tail: string[] = [];
  private tailLength = 0;
  private dropped = 0;

  /** `limit`: how many characters of the beginning are kept, and about as many of the end. */
  constructor(private readonly limit: number) {}

  push(text: string): void {
    if (this.tailLength === 0 && this.head.length + text.length <= this.limit) {
      this.head += text;
      return;
    }
    const kept = text.slice(-this.limit);
    this.dropped += text.length - kept.length;
    this.tail.push(kept);
    this.tailLength += kept.length;
    while (this.tailLength - (this.tail[0]?.length ?? 0) >= this.limit) {
      const gone = this.tail.shift()?.length ?? 0;
      this.tailLength -= gone;
      this.dropped += gone;
    }
  }

  toString(): string {
    const gap = this.dropped === 0 ? "" : `\n[… ${this.dropped} characters left out …]\n`;
    return this.head + gap + this.tail.join("");
  }
}
