/** Syntax tree of the expression language; `at` and `end` are offsets in the author's text. */
export type Ast = { readonly at: number; readonly end: number } & (
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'duration'; readonly seconds: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'list'; readonly items: readonly Ast[] }
  | { readonly kind: 'field'; readonly of: Ast; readonly name: string; readonly nameAt: number }
  | { readonly kind: 'index'; readonly of: Ast; readonly key: Ast }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Ast[] }
  | {
      readonly kind: 'method'
      readonly of: Ast
      readonly name: string
      readonly nameAt: number
      readonly args: readonly Ast[]
    }
  | { readonly kind: 'not'; readonly of: Ast }
  | {
      readonly kind: 'binary'
      readonly op: BinaryOp
      readonly opAt: number
      readonly left: Ast
      readonly right: Ast
    }
  | {
      readonly kind: 'conditional'
      readonly test: Ast
      readonly then: Ast
      readonly otherwise: Ast
    }
)

export const COMPARISONS = ['==', '!=', '<', '<=', '>', '>=', 'in'] as const
export type Comparison = (typeof COMPARISONS)[number]
export type BinaryOp = '&&' | '||' | Comparison
