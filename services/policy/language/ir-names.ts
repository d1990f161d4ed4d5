import type { ParsedExpression } from './scope.ts'
import type { Ir } from './ir.ts'

/** Every name that an expression mentions, as a word. */
export function namesIn(expression: ParsedExpression, into: Set<string>): void {
  const queue: unknown[] = [expression.ast]
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (typeof node !== 'object' || node === null) continue
    if ('name' in node && typeof node.name === 'string') into.add(node.name)
    queue.push(...(Object.values(node) as unknown[]))
  }
}

/** Every axis that an expression reads. */
export function axesIn(ir: Ir, into: Set<string>): void {
  const queue: unknown[] = [ir]
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (typeof node !== 'object' || node === null) continue
    if ('op' in node && node.op === 'axis' && 'axis' in node && typeof node.axis === 'string')
      into.add(node.axis)
    queue.push(...(Object.values(node) as unknown[]))
  }
}
