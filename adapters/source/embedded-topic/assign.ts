/** How partitions are spread over members: evenly, and each stays where it was as far as that allows. */

/** What a member had last; none that was somebody else's since. */
export interface Candidate<Member> {
  readonly member: Member;
  readonly had: readonly number[];
}

/** Gives every partition from 0 to one of the members, whose counts differ by one at most. Candidates come in a fixed order. */
export function assignSticky<Member>(candidates: readonly Candidate<Member>[], partitions: number): Map<Member, number[]> {
  const share = Math.floor(partitions / candidates.length);
  let larger = partitions % candidates.length;
  const assigned = new Map<Member, number[]>();
  const free = new Set(Array.from({ length: partitions }, (_, partition) => partition));
  const lacking: { readonly list: number[]; readonly quota: number }[] = [];
  // Who has the most keeps the most: so the fewest move.
  for (const { member, had } of candidates.toSorted((a, b) => b.had.length - a.had.length)) {
    const quota = larger > 0 ? share + 1 : share;
    larger -= quota - share;
    const list = had.filter((partition) => partition < partitions).slice(0, quota);
    for (const partition of list) free.delete(partition);
    assigned.set(member, list);
    lacking.push({ list, quota });
  }
  for (const { list, quota } of lacking) {
    for (const partition of free) {
      if (list.length >= quota) break;
      free.delete(partition);
      list.push(partition);
    }
    list.sort((a, b) => a - b);
  }
  return assigned;
}
