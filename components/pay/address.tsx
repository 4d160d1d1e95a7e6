/**
 * The whole address in groups of four, its first and last six characters strong: those are what people compare.
 * The gaps are margins, not spaces, so what is selected and copied is the address itself.
 */
export function Address({ value }: { value: string }) {
  const groups = value.match(/.{1,4}/g) ?? [];
  return (
    <code dir="ltr" className="block text-left text-balance select-all font-mono text-[15px] leading-7">
      {groups.map((group, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: groups repeat; their place is what tells them apart.
        <span key={index}>
          <span className="mr-2">
            {[...group].map((character, offset) => {
              const place = index * 4 + offset;
              const strong = place < 6 || place >= value.length - 6;
              return (
                <span key={place} className={strong ? "font-bold" : undefined}>
                  {character}
                </span>
              );
            })}
          </span>
          <wbr />
        </span>
      ))}
    </code>
  );
}
