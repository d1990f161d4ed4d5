const SPELLINGS = ['individualnumber', 'mynumber', 'kojinbango', '個人番号', 'マイナンバー']

/** Whether a claim asks for 個人番号, under any of the names it goes by: nobody may ask for it here (番号法 15条, 19条, 20条). */
export function isIndividualNumber(claim: string): boolean {
  const plain = claim
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
  return SPELLINGS.some((spelling) => plain.includes(spelling))
}
