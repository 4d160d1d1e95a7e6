import type { Messages } from ".";

// Keys and their placeholders are checked by the compiler.
declare module "next-intl" {
  interface AppConfig {
    Messages: Messages;
  }
}
