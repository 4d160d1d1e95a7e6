/** A picture of the real page, in the reader's colours. `name`: public/images/{name}-light.png and -dark.png, at twice the size. */
export function Screenshot({
  name,
  alt,
  width,
  height,
  className = "",
}: {
  name: string;
  alt: string;
  width: number;
  height: number;
  className?: string;
}) {
  return (
    <picture>
      <source media="(prefers-color-scheme: dark)" srcSet={`/images/${name}-dark.png`} />
      <img
        src={`/images/${name}-light.png`}
        alt={alt}
        width={width}
        height={height}
        className={`h-auto rounded border ${className}`}
      />
    </picture>
  );
}
