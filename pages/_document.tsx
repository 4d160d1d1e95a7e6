import NextDocument, { type DocumentContext, Head, Html, Main, NextScript } from "next/document";
import { chooseLocale, directionOf, localeOf } from "@/lib/pay/locale";
import { NONCE_HEADER } from "@/lib/security-headers";

/** The document of the pay pages: its language, the way it is read, and the nonce of what it loads. */
export default class Document extends NextDocument<{ nonce: string | undefined }> {
  static override async getInitialProps(context: DocumentContext) {
    const nonce = context.req?.headers[NONCE_HEADER];
    return { ...(await NextDocument.getInitialProps(context)), nonce: typeof nonce === "string" ? nonce : undefined };
  }

  override render() {
    const { nonce, __NEXT_DATA__ } = this.props;
    const locale = localeOf(__NEXT_DATA__.props.pageProps?.locale) ?? chooseLocale([], undefined);
    return (
      <Html lang={locale} dir={directionOf(locale)}>
        <Head nonce={nonce} />
        <body>
          <Main />
          <NextScript nonce={nonce} />
        </body>
      </Html>
    );
  }
}
