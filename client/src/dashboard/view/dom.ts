/** Making elements. Text is always text, never markup. */

type Child = Node | string | undefined;

/** An element with attributes (an absent one is left out) and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | undefined>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

/** A part of the page under a heading. */
export function section(title: string, ...children: readonly Child[]): HTMLElement {
  const id = title.toLowerCase().replace(/[^a-z]+/g, "-");
  return element("section", { "aria-labelledby": id }, element("h2", { id }, title), ...children);
}

export function button(label: string, onClick: () => void): HTMLButtonElement {
  const node = element("button", { type: "button" }, label);
  node.addEventListener("click", onClick);
  return node;
}

/** A column of a table. */
export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => Child;
  readonly isNumber?: boolean;
  /** Sorts by this column. */
  readonly onSort?: () => void;
  readonly isSorted?: boolean;
}

/** A table, whose headings are buttons where it can be sorted. */
export function table<T>(caption: string, columns: readonly Column<T>[], rows: readonly T[]): HTMLElement {
  if (rows.length === 0) return element("p", { class: "quiet" }, "Nothing yet.");
  const headings = columns.map(({ title, isNumber, onSort, isSorted }) =>
    element(
      "th",
      {
        scope: "col",
        class: isNumber === true ? "number" : undefined,
        "aria-sort": isSorted === true ? "descending" : undefined,
      },
      onSort === undefined ? title : button(isSorted === true ? `${title} ▾` : title, onSort),
    ),
  );
  const body = rows.map((row) =>
    element(
      "tr",
      {},
      ...columns.map((column) =>
        element("td", { class: column.isNumber === true ? "number" : undefined }, column.cell(row)),
      ),
    ),
  );
  return element(
    "table",
    {},
    element("caption", {}, caption),
    element("thead", {}, element("tr", {}, ...headings)),
    element("tbody", {}, ...body),
  );
}
