/** Facts of a person as they are, to be opened. */
export function FactsView({ title, facts }: { readonly title: string; readonly facts: unknown }) {
  return (
    <details>
      <summary className="cursor-pointer link">{title}</summary>
      <pre className="mt-2 max-h-96 overflow-auto rounded-8 bg-solid-gray-50 p-3 text-dns-14N-130 whitespace-pre-wrap">
        {JSON.stringify(facts, null, 2)}
      </pre>
    </details>
  )
}
