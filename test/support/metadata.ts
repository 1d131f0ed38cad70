/** Returns the metadata of a model as earlier versions wrote them, whose contents alone are checked. */
export const withoutChecksum = ({ sha256, ...metadata }: Readonly<Record<string, string>>) => metadata;
