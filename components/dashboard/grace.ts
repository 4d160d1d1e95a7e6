/** How long what is replaced may go on working: seconds, and in words. */
export const GRACE_CHOICES = [
  ["0", "At once"],
  ["3600", "In an hour"],
  ["86400", "In a day"],
  ["604800", "In a week"],
] as const;
