module requests

go 1.20
