// Shows the API's own document. validatorUrl would otherwise ask an outside host about it.
window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#operations",
  deepLinking: true,
  validatorUrl: null,
});
