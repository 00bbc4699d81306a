/** The page's frame: what it may load, and nothing else. */

/** `script` and `style` are URIs of the page's files; `source` is what the editor serves them from. */
export function page(script: string, style: string, source: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="UTF-8">
  <meta http-equiv="Content-Security-Policy"
    content="default-src 'none'; script-src ${source}; style-src ${source} 'unsafe-inline'; font-src ${source}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="${style}">
  <title>Cranefly Dashboard</title>
</head>
<body>
  <main id="dashboard" aria-busy="true"><p>Loading…</p></main>
  <script src="${script}"></script>
</body>
</html>
`;
}
