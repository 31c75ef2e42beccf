module.exports = {
  plugins: [require.resolve("@prettier/plugin-xml")],
  printWidth: 88,
  bracketSpacing: false,
  xmlWhitespaceSensitivity: "preserve",
  xmlSelfClosingSpace: true,
  overrides: [{files: "*.xml", options: {parser: "xml"}}],
};
