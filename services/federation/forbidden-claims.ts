const FORBIDDEN = new Set([
  'individualnumber',
  'individualnumberunicode',
  'mynumber',
  'kojinbango',
  '個人番号',
  'マイナンバー',
])

/** 個人番号 under any of the names it goes by (番号法 15条, 19条, 20条): refused at registration and in every request. */
export function isForbiddenClaim(name: string): boolean {
  const last =
    name
      .normalize('NFKC')
      .toLowerCase()
      .split(/[.:/#]/)
      .at(-1) ?? ''
  return FORBIDDEN.has(last.replaceAll(/[\s_-]/g, ''))
}
