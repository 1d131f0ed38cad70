/** Returns the metadata of a model as earlier versions wrote them, so that their contents alone are checked. */
export const withoutChecksum = ({ sha256, ...metadata }: Readonly<Record<string, string>>) => metadata;
